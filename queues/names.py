"""A queue's name in Asterisk: `general` is ours, but Asterisk keeps that section of queues.conf to itself.

So every queue is `hotline-NAME` in queues.conf, Queue(), queue_log and on the AMI, and NAME everywhere else.
"""

from __future__ import annotations

PREFIX = "hotline-"


def section(queue: str) -> str:
    """What Asterisk calls this queue."""
    return PREFIX + queue


def queue_of(section_name: str) -> str:
    """Our name of what Asterisk calls so."""
    return section_name.removeprefix(PREFIX)


def phone_of(interface: str) -> str:
    """The phone behind `PJSIP/1001`, `PJSIP/1001-0000002a` stays with its number of the call."""
    return interface.removeprefix("PJSIP/")
