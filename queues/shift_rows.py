"""Between a Standing and what is kept or told of it: the row of a shift, the event, what a restart finds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ivr.model import City
from queues.model import AgentState
from queues.names import AFTER_CALL_WORK, IN_CALL, MISSED
from queues.skills import memberships
from queues.standing import Standing
from queues.tables import Person, Shift

LANGUAGE_LEVEL = 9  # a language or dialect somebody speaks is a skill without degrees


def places(skills: Mapping[str, int], city: City) -> dict[str, int]:
    """The queues of Asterisk's for these skills, and the penalty in each."""
    return {one.section: one.penalty for one in memberships(skills, city)}


def skills_of(person: Person) -> dict[str, int]:
    """Languages and dialects are skills too (ADR 0077)."""
    return dict.fromkeys((*person.languages, *person.dialects), LANGUAGE_LEVEL) | dict(person.skills)


def from_row(person: Person, phone: str, city: City, logged_in_at: float, shift: Shift | None = None) -> Standing:
    """Somebody at a phone; with what they were doing before, where a row says it."""
    skills = skills_of(person)
    standing = Standing(
        login=person.login, name=person.name, work_number=person.work_number, phone=phone, memberships=places(skills, city),
        skills=skills, wrapup_seconds=person.wrapup_seconds, logged_in_at=logged_in_at, since=logged_in_at,
    )  # fmt: skip
    if shift is not None:
        standing.state, standing.why, standing.linkedid = AgentState(shift.state), shift.why, shift.linkedid
        standing.since = shift.since.timestamp()
        standing.until = shift.until.timestamp() if shift.until else None
    return standing


def taken_back(standing: Standing, paused: str, talks: str, rest_seconds: int, now: float) -> None:
    """After a restart of ours: the table said what they were doing, Asterisk says what is so. `paused`: the reason, ''
    where app_queue may ring them; `talks`: the linkedid of the call their phone is in."""
    state, why, until = standing.state, standing.why, standing.until
    if state in (AgentState.TALKING, AgentState.ON_HOLD, AgentState.RINGING, AgentState.AFTER_CALL_WORK):
        standing.queue = why
    if talks:
        standing.begins_talking(talks)
    if paused in (IN_CALL, AFTER_CALL_WORK) and not talks:
        if state is not AgentState.AFTER_CALL_WORK:  # the call ended while nobody looked
            standing.stops_talking(now, rest_seconds)
        elif until is not None and until > now:
            standing.rests_until = until
    elif paused not in ("", IN_CALL, AFTER_CALL_WORK, MISSED):
        standing.takes_break(paused, until if state is AgentState.PAUSED and paused == why else None)


def as_row(standing: Standing) -> Shift:
    return Shift(
        login=standing.login, phone=standing.phone, queues=dict(standing.memberships), state=str(standing.state), why=standing.why,
        since=_moment(standing.since), until=_moment(standing.until) if standing.until is not None else None,
        linkedid=standing.linkedid, logged_in_at=_moment(standing.logged_in_at),
    )  # fmt: skip


def as_event(standing: Standing, state: AgentState) -> dict[str, Any]:
    """What listeners of /api/events are told."""
    return {
        "agent": standing.login, "work_number": standing.work_number, "state": str(state), "why": standing.why,
        "since": _moment(standing.since).isoformat(), "until": _moment(standing.until).isoformat() if standing.until is not None else None,
        "over_limit": standing.over_limit, "phone": standing.phone, "linkedid": standing.linkedid, "queues": sorted(standing.queues),
    }  # fmt: skip


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
