"""A queue's name in Asterisk: `general` is ours, but Asterisk keeps that section of queues.conf to itself.

So every queue is `hotline-NAME` in queues.conf, Queue(), queue_log and on the AMI, and NAME everywhere else. Callers who
need more than everybody in it can do wait in `hotline-NAME+SKILL+SKILL` (ADR 0077); that is the same queue to people.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

PREFIX = "hotline-"
AND = "+"  # no name of ours has it
NAMES = 1024  # of a city's queues and parts of queues remembered: nearly every event of a queue asks

PAGE = "page-"  # begins the unique id of a leg to which something is announced

# Why app_queue is told to pause somebody who did not ask for a break; breaks have the reasons of pauses.yaml.
IN_CALL = "in_call"  # so that no other queue rings them between the end of a call and the work after it
AFTER_CALL_WORK = "after_call_work"
MISSED = "missed_call"  # for some seconds, so that the call moves on
TOO_MANY_MISSED = "missed_calls"  # until they say that they are there


def section(queue: str, wanted: Iterable[str] = ()) -> str:
    """What Asterisk calls this queue, or the part of it for callers who need these skills."""
    return PREFIX + AND.join((queue, *wanted))


@lru_cache(NAMES)
def queue_of(section_name: str) -> str:
    """Our name of what Asterisk calls so."""
    return section_name.removeprefix(PREFIX).partition(AND)[0]


@lru_cache(NAMES)
def wanted_of(section_name: str) -> tuple[str, ...]:
    """The skills that callers in it need."""
    return tuple(filter(None, section_name.partition(AND)[2].split(AND)))


def member_name(login: str, work_number: str) -> str:
    """What app_queue calls a person: the dialplan says the number to callers, queue_log names the login."""
    return f"{login}/{work_number}"


def agent_of(name: str) -> str:
    """The login behind a member's name; a phone that is a fixed member has its own name."""
    return name.partition("/")[0]


def interface(phone: str) -> str:
    """What app_queue rings."""
    return f"PJSIP/{phone}"


def is_place(channel: str) -> bool:
    """Whether a leg is the place of a call-back (ADR 0078): in the queue, but no caller."""
    return channel.startswith("Local/p") and "@hotline-far-" in channel


def is_helper(channel: str) -> bool:
    """Whether a leg only says an agent's work number, counts their rest while the service is away, or carries a call's sound
    to a recogniser: nobody's call."""
    return channel.startswith("Local/") and any(f"@hotline-{one}-" in channel for one in ("serves", "rest", "tap"))


def is_transfer(channel: str) -> bool:
    """Whether a leg is Asterisk's own, for an agent's key that asks somebody first (*2)."""
    return channel.startswith("Local/") and "@hotline-moved-" in channel


def phone_of(interface: str) -> str:
    """The phone behind `PJSIP/1001`, `PJSIP/1001-0000002a` stays with its number of the call."""
    return interface.removeprefix("PJSIP/")
