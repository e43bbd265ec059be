"""queues.conf from what the city's administrator wrote and the phones that were added; every value is checked here,
because what stands in this file decides who answers a citizen.

Nobody logged in means no member's phone can be reached: such a queue is left at once (and not joined), so that the
caller is offered to leave a message. Agents who are talking or on a break count as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from ivr.model import Queue
from queues.names import section

STRATEGIES = frozenset(
    ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom", "rrordered")
)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
UNREACHABLE = "unavailable,invalid,unknown"
ANSWER_WITHIN_SECONDS = 15  # GB/T 33358-2016

GENERAL = """\
; Rendered from the city's queues.yaml and `hotline phone add`; edit those.
; A section is named hotline-NAME, because Asterisk keeps the name "general" to itself.
[general]
persistentmembers = no
autofill = yes
monitor-type = MixMonitor
; An agent who belongs to two queues rests after a call of either.
shared_lastcall = yes
log_membername_as_agent = yes
"""

EACH = """
[{section}]
strategy = {strategy}
maxlen = {maximum}
timeout = {ring}
retry = 1
wrapuptime = {wrapup}
autofill = yes
ringinuse = no
joinempty = {empty}
leavewhenempty = {empty}
setinterfacevar = yes
setqueueentryvar = yes
servicelevel = {answer_within}
; Announcements hold back the next agent for as long as they play (7 s measured): none.
announce-frequency = 0
announce-position = no
announce-holdtime = no
periodic-announce-frequency = 0
reportholdtime = no
"""


class QueueConfigError(ValueError):
    """A queue or phone that cannot be written; the message names it and the value."""


class Phone(Protocol):
    """An agent's phone and the queues whose callers it takes."""

    @property
    def name(self) -> str: ...

    @property
    def queues(self) -> Sequence[str]: ...


def render(queues: Iterable[Queue], phones: Iterable[Phone]) -> str:
    """The text of queues.conf. A phone of a queue that is gone is left out, so that one old phone stops nobody's
    calls (`strays` names it). Raises QueueConfigError for what cannot be written at all."""
    listed = sorted(queues, key=lambda queue: queue.name)
    members = {queue.name: set(queue.members) for queue in listed}
    for phone in phones:
        for name in members.keys() & set(phone.queues):
            members[name].add(phone.name)
    return GENERAL + "".join(_one(queue, sorted(members[queue.name])) for queue in listed)


def strays(queues: Iterable[Queue], phones: Iterable[Phone]) -> list[str]:
    """One sentence for each phone that was added to a queue the city does not have."""
    names = sorted(queue.name for queue in queues)
    return [
        f"phone {phone.name!r}: no such queue {name!r} (there are: {', '.join(names)})"
        for phone in phones
        for name in phone.queues
        if name not in names
    ]


def _one(queue: Queue, members: Sequence[str]) -> str:
    name = _named(queue.name, "queue")
    if queue.strategy not in STRATEGIES:
        raise QueueConfigError(f"queue {name!r}: strategy {queue.strategy!r} is none of {', '.join(sorted(STRATEGIES))}")
    text = EACH.format(
        section=section(name),
        strategy=queue.strategy,
        maximum=_within(name, "maximum_waiting", queue.maximum_waiting, 0, 10_000),
        ring=_within(name, "ring_seconds", queue.ring_seconds, 3, 300),
        wrapup=_within(name, "wrapup_seconds", queue.wrapup_seconds, 0, 3600),
        empty=UNREACHABLE,
        answer_within=ANSWER_WITHIN_SECONDS,
    )
    return text + "".join(f"member => PJSIP/{phone},0,{phone},PJSIP/{phone}\n" for phone in map(_phone, members))


def _phone(name: str) -> str:
    return _named(name, "phone")


def _named(name: str, what: str) -> str:
    if not NAME.fullmatch(name):
        raise QueueConfigError(f"{what} {name!r}: a name has a-z, 0-9, - and _ only, at most 48 of them")
    return name


def _within(queue: str, what: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise QueueConfigError(f"queue {queue!r}: {what} is {value}, not {least} to {most}")
    return value
