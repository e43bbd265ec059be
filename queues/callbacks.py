"""The life of one call-back: from being asked for until the citizen was talked to, as Asterisk writes it down. Pure.

    waiting   its place stands in the queue                 resting    nobody was reached; tried again later
    reserved  an agent has answered and is there for it     done       they have talked
    dialling  the citizen's telephone rings                 given_up   tried often enough, or may not be dialled
    talking   the citizen has answered                      cancelled  a person took it back

Everything that happens is a line of queue_log, written by the dialplan before it does the thing (waiting.conf), so what is
known here is never less than what was done. `lost` says what is to be believed when the lines end in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.queueing import CallBacks
from queues.records import Record

WAITING, RESERVED, DIALLING, TALKING = "waiting", "reserved", "dialling", "talking"
RESTING, DONE, GIVEN_UP, CANCELLED = "resting", "done", "given_up", "cancelled"
ALLOWED: Mapping[str, frozenset[str]] = {
    WAITING: frozenset((RESERVED, DIALLING, RESTING, DONE, CANCELLED, GIVEN_UP)),
    RESERVED: frozenset((WAITING, DIALLING, RESTING, GIVEN_UP, CANCELLED, DONE)),
    DIALLING: frozenset((TALKING, RESTING, GIVEN_UP, DONE)),
    TALKING: frozenset((DONE,)),
    RESTING: frozenset((WAITING, CANCELLED, GIVEN_UP, DONE, RESERVED, DIALLING)),
}
OPEN = frozenset(ALLOWED)
"""What is not over: one of these at most for a number and matter."""
UNREACHED = frozenset(("BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL", "CANCEL"))
HOURS_MINUTES = 30  # from one look at the allowed hours to the next


@dataclass(frozen=True, slots=True)
class CallBack:
    """One promise to call somebody back."""

    id: str  # unique id of the call that asked for it, or `hand-…`
    number: str
    path: str  # the node of the menu: the matter
    type: str
    called: str
    queue: str  # Asterisk's, with the skills wanted
    place: int
    priority: int
    penalty: int  # the highest that an agent may have
    trunk: str
    trunk_at: str
    version: str
    state: str
    asked_at: datetime
    changed_at: datetime
    tries: int = 0
    next_at: datetime | None = None
    agent: str = ""
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.state in OPEN


def asked(record: Record) -> CallBack | None:
    """What a HOTLINECALLBACK line promises; None where it is not whole."""
    if len(record.data) < 11 or not record.data[0].isdigit():
        return None
    number, path, type_, called, _, _, trunk, trunk_at, version, _, section = record.data[:11]
    return CallBack(
        id=record.callid, number=number, path=path, type=type_, called=called, queue=section, place=record.number(4),
        priority=record.number(5), penalty=record.number(9), trunk=trunk, trunk_at=trunk_at, version=version,
        state=WAITING, asked_at=record.at, changed_at=record.at,
    )  # fmt: skip


def asked_again(first: CallBack, second: CallBack) -> CallBack:
    """A second request finds the first: its tries and the time it was asked for stay, the newer place counts."""
    return replace(second, asked_at=first.asked_at, tries=first.tries, agent=first.agent)


def reserved(callback: CallBack, at: datetime, agent: str) -> CallBack:
    """An agent has answered for it; app_queue says so a moment after the dialplan has begun to dial."""
    if callback.state in (DIALLING, TALKING):
        return replace(callback, agent=agent)
    return _now(callback, RESERVED, at, agent=agent)


def dialled(callback: CallBack, at: datetime) -> CallBack:
    """The citizen is being called: this is a try."""
    return _now(callback, DIALLING, at, tries=callback.tries + 1)


def talks(callback: CallBack, at: datetime) -> CallBack:
    """The citizen has answered."""
    return _now(callback, TALKING, at)


def ended(callback: CallBack, at: datetime, status: str, rules: CallBacks) -> CallBack:
    """How the dialling ended: DIALSTATUS (app_dial.c), or HOURS and NUMBER, which were no try at all."""
    if status == "ANSWER" or callback.state == TALKING:
        return _now(callback, DONE, at, reason="talked")
    if status == "HOURS":
        return _now(callback, RESTING, at, next_at=at + timedelta(minutes=HOURS_MINUTES), reason="outside the allowed hours")
    if status == "NUMBER":
        return _now(callback, GIVEN_UP, at, reason="this number may not be dialled")
    return _unreached(callback, at, status.lower() if status in UNREACHED else "failed", rules)


def lost(callback: CallBack, at: datetime, rules: CallBacks) -> CallBack:
    """Its legs are gone and nothing says how: whoever was being dialled may have heard it ring, so that was a try; whoever
    talked has talked; a place that was not dialled from is taken again."""
    if callback.state == TALKING:
        return _now(callback, DONE, at, reason="talked")
    if callback.state == DIALLING:
        return _unreached(callback, at, "the telephone system stopped", rules)
    if callback.state == RESERVED:
        return _now(callback, WAITING, at)
    return callback


def cancelled(callback: CallBack, at: datetime, reason: str) -> CallBack:
    return _now(callback, CANCELLED, at, reason=reason)


def spoken_to(callback: CallBack, at: datetime) -> CallBack:
    """They called again and an agent answered: there is nothing left to call back for."""
    return _now(callback, DONE, at, reason="called again and talked")


def _unreached(callback: CallBack, at: datetime, reason: str, rules: CallBacks) -> CallBack:
    if callback.tries >= rules.tries:
        return _now(callback, GIVEN_UP, at, reason=reason)
    return _now(callback, RESTING, at, next_at=at + timedelta(minutes=rules.pause_minutes), reason=reason)


def _now(callback: CallBack, state: str, at: datetime, **more: object) -> CallBack:
    """The same in another state; news that comes too late for the state it is in changes nothing."""
    if state not in ALLOWED.get(callback.state, ()):
        return callback
    return replace(callback, **{"next_at": None, "state": state, "changed_at": at, **more})  # type: ignore[arg-type]
