"""queues.conf from what the city's administrator wrote and the phones that were added; every value is checked here,
because what stands in this file decides who answers a citizen.

Nobody logged in means no member's phone can be reached: such a queue is left at once (and not joined), so that the
caller is offered to leave a message. Agents who are talking or on a break count as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ivr.model import Queue
from ivr.needs import Wanted
from queues.names import section
from queues.skills import ANYONE, rule

STRATEGIES = frozenset(
    ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom", "rrordered")
)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
UNREACHABLE = "unavailable,invalid,unknown"
ANSWER_WITHIN_SECONDS = 15  # GB/T 33358-2016
NOTHING: Mapping[str, Sequence[Wanted]] = {}

RULES = "; Rendered from the city's queues.yaml (relax); edit that. Seconds of waiting, and what QUEUE_MAX_PENALTY then rises by.\n"

GENERAL = """\
; Rendered from the city's queues.yaml and `hotline phone add`; edit those.
; A section is named hotline-NAME, because Asterisk keeps the name "general" to itself.
[general]
; Whoever is logged in stays so, over a restart of Asterisk and with the service stopped.
persistentmembers = yes
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
retry = {retry}
weight = {weight}
penaltymemberslimit = {penalty_limit}
{more}; The rest of people is a pause that can be ended early; a phone that is a fixed member has its own, below (ADR 0074).
wrapuptime = 0
membergosub = hotline-agent,{name}
autofill = yes
ringinuse = no
joinempty = {joinempty}
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


def render(queues: Iterable[Queue], phones: Iterable[Phone], wanted: Mapping[str, Sequence[Wanted]] = NOTHING) -> str:
    """The text of queues.conf; `wanted`: by queue, the combinations of skills its callers can need (ADR 0077). A phone of
    a queue that is gone is left out, so that one old phone stops nobody's calls (`strays` names it). Raises
    QueueConfigError for what cannot be written at all."""
    listed = sorted(queues, key=lambda queue: queue.name)
    members = {queue.name: set(queue.members) for queue in listed}
    for phone in phones:
        for name in members.keys() & set(phone.queues):
            members[name].add(phone.name)
    return GENERAL + "".join(
        _one(queue, skills, sorted(members[queue.name])) for queue in listed for skills in ((), *wanted.get(queue.name, ()))
    )


def render_rules(queues: Iterable[Queue]) -> str:
    """The text of queuerules.conf: for each queue, when callers who need skills may be helped by less able agents."""
    return RULES + "".join(
        "\n".join([f"\n[{section(queue.name)}]", *(f"penaltychange => {after},+{rise}" for after, rise in rule(queue.relax))])
        for queue in sorted(queues, key=lambda queue: queue.name)
    ) + "\n"


def strays(queues: Iterable[Queue], phones: Iterable[Phone]) -> list[str]:
    """One sentence for each phone that was added to a queue the city does not have."""
    names = sorted(queue.name for queue in queues)
    return [
        f"phone {phone.name!r}: no such queue {name!r} (there are: {', '.join(names)})"
        for phone in phones
        for name in phone.queues
        if name not in names
    ]


def _one(queue: Queue, wanted: Wanted, members: Sequence[str]) -> str:
    name = _named(queue.name, "queue")
    if queue.strategy not in STRATEGIES:
        raise QueueConfigError(f"queue {name!r}: strategy {queue.strategy!r} is none of {', '.join(sorted(STRATEGIES))}")
    text = EACH.format(
        section=section(name, (_named(skill, "skill") for skill in wanted)),
        name=name,
        strategy=queue.strategy,
        maximum=_within(name, "maximum_waiting", queue.maximum_waiting, 0, 10_000),
        ring=_within(name, "ring_seconds", queue.ring_seconds, 3, 300),
        retry=_within(name, "retry_seconds", queue.retry_seconds, 1, 60),
        weight=_within(name, "weight", queue.weight, 0, 100),
        penalty_limit=_within(name, "penalty_limit", queue.penalty_limit, 0, 1000),
        more=_more(queue, wanted),
        joinempty=f"penalty,{UNREACHABLE}" if wanted else UNREACHABLE,
        empty=UNREACHABLE,
        answer_within=ANSWER_WITHIN_SECONDS,
    )
    penalty = ANYONE if wanted else 0  # a phone of its own has no skills; people log in with theirs
    rest = _within(name, "wrapup_seconds", queue.wrapup_seconds, 0, 3600)
    return text + "".join(f"member => PJSIP/{phone},{penalty},{phone},PJSIP/{phone},no,{rest}\n" for phone in map(_phone, members))


def _more(queue: Queue, wanted: Wanted) -> str:
    """Keys while waiting; who may help when, where callers need skills."""
    keys = f"context = hotline-keys-{queue.name}\n" if queue.keys else ""
    return keys + (f"defaultrule = {section(queue.name)}\n" if wanted else "")


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
