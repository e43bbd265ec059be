"""Carries out the moves of tickets/moves.py: the row, what was said, the deadline and the line of history in one transaction.

A refusal leaves no trace here; whoever asked is told what is possible, and the caller writes the audit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets import deadlines, notes
from tickets.case_tables import Repeat
from tickets.database import Database
from tickets.deadlines import Due, Rules
from tickets.life import note, now
from tickets.models import UNWATCHED, VOICE, Ticket
from tickets.moves import CaseRefused, Standing, after, allowed
from tickets.store import NoSuchTicket

Clock = Callable[[], datetime]
SPOKEN = ("reason", "way", "reply")  # what people write: into notes
REACHED = {"to_dispatch": "accepted_at", "dispatched": "dispatched_at", "replied": "replied_at", "completed": "completed_at"}


@dataclass(frozen=True)
class Who:
    """`role` is the API's; `name` is how the audit calls them."""

    role: str
    name: str


@dataclass(frozen=True)
class Said:
    """What is said with a move."""

    reason: str = ""
    way: str = ""
    reply: str = ""
    organisation: str = ""
    helpers: tuple[str, ...] = ()
    rating: str = ""


NOTHING = Said()


@dataclass(frozen=True)
class Cases:
    """The life cycle over one register. Synchronous, as the store is. Raises NoSuchTicket and CaseRefused."""

    database: Database
    rules: Callable[[], Rules] = Rules
    clock: Clock = now

    def allowed(self, number: str, role: str) -> tuple[str, ...]:
        """The moves this role may make now."""
        with self.database.reads() as session:
            return allowed(standing(find(session, number)), role, self.rules().deadlines.most_extensions)

    def stage(self, number: str) -> str:
        with self.database.reads() as session:
            return find(session, number).stage

    def move(self, number: str, name: str, who: Who, said: Said = NOTHING, key: str = "") -> Ticket:
        """Makes a move. `key`: an Idempotency-Key; the same request under it is carried out once. Every refusal names the moves that are possible."""
        try:
            return self._moved(number, name, who, said, key)
        except CaseRefused as no:
            raise no if no.allowed else CaseRefused(no.status, no.detail, self.allowed(number, who.role)) from None

    def _moved(self, number: str, name: str, who: Who, said: Said, key: str) -> Ticket:
        with self.database.writes() as session:
            ticket, words = find(session, number, lock=True), vars(said)
            if key and is_repeat(session, f"{who.name} {key}", [ticket.id, name, {k: v for k, v in words.items() if v}], self.clock()):
                return ticket
            self.step(session, ticket, name, who, said)
            return ticket

    def step(self, session: Session, ticket: Ticket, name: str, who: Who, said: Said = NOTHING) -> None:
        """The same, within a transaction that does more."""
        rules, at, words = self.rules(), self.clock(), vars(said)
        texts = {kind: notes.checked(words[kind]) for kind in SPOKEN}
        there = after(standing(ticket), name, who.role, words | texts, rules.deadlines.most_extensions)
        detail: dict[str, Any] = {"move": name, "from": ticket.stage, "to": there.stage, "role": who.role}
        if said.organisation:
            detail |= assign(rules, ticket, said.organisation, said.helpers)
        if said.rating:
            ticket.rating = detail["rating"] = said.rating
        detail |= _late(ticket, name, at)
        _stand(ticket, there, at)
        _next_limit(rules, ticket, name, at)
        if ticket.due_at:
            detail["due_at"] = ticket.due_at.isoformat()
        kept = notes.keep(session, ticket, {kind: text for kind, text in texts.items() if text}, who.name, at)
        note(session, ticket, "moved", detail | ({"notes": kept} if kept else {}), who.name, at)


def find(session: Session, number_or_id: str, *, lock: bool = False) -> Ticket:
    """Raises NoSuchTicket."""
    wanted = select(Ticket).where(or_(Ticket.number == number_or_id, Ticket.id == number_or_id))
    found = session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NoSuchTicket(number_or_id)
    return found


def standing(ticket: Ticket) -> Standing:
    return Standing(ticket.stage, ticket.returns, ticket.final, ticket.extensions, ticket.reopened)


def assign(rules: Rules, ticket: Ticket, organisation: str, helpers: tuple[str, ...]) -> dict[str, Any]:
    """Who leads and who helps; what the line of history says of it. Raises CaseRefused."""
    for code in (organisation, *helpers):
        if code not in rules.organisations:
            raise CaseRefused(422, f"no such organisation: {code[:40]}")
    if organisation in helpers or len(set(helpers)) < len(helpers):
        raise CaseRefused(422, "an organisation leads or helps, and stands there once")
    ticket.organisation, ticket.helpers = organisation, list(helpers)
    ticket.level = rules.organisations[organisation].level
    return {"organisation": organisation, "helpers": list(helpers), "level": ticket.level}


def _stand(ticket: Ticket, there: Standing, at: datetime) -> None:
    ticket.stage, ticket.stage_at = there.stage, at
    ticket.returns, ticket.final = there.returns, there.final
    ticket.extensions, ticket.reopened = there.extensions, there.reopened
    if there.stage in REACHED:
        setattr(ticket, REACHED[there.stage], at)


def _late(ticket: Ticket, name: str, at: datetime) -> dict[str, Any]:
    """Whether the deadline that this move ends was kept; reports count it."""
    if ticket.due_at is None or name not in ("dispatch", "reply"):
        return {}
    return {"late": at > ticket.due_at}


def _next_limit(rules: Rules, ticket: Ticket, name: str, at: datetime) -> None:
    """What must be done next, and until when."""
    match name:
        case "accept":
            if begins := _counts_from(ticket, at):
                limit(ticket, deadlines.dispatch(rules, ticket, begins))
        case "return":
            limit(ticket, deadlines.dispatch(rules, ticket, at))
        case "dispatch":
            limit(ticket, deadlines.handling(rules, ticket, at))
        case "reopen":
            limit(ticket, deadlines.handling(rules, ticket, at) if ticket.stage == "dispatched" else deadlines.dispatch(rules, ticket, at))
        case "extend":
            limit(ticket, deadlines.extended(rules, ticket, ticket.due_at or at))
        case "refuse" | "answer" | "reply" | "complete":
            limit(ticket, None)
        case "supervise" if ticket.due_at is None:  # a reply that was found wanting must be given again
            limit(ticket, deadlines.handling(rules, ticket, at))


def _counts_from(ticket: Ticket, at: datetime) -> datetime | None:
    """From when dispatch counts; None where it counts already. A message's time began with the end of its recording."""
    if ticket.channel == VOICE or ticket.due_told == UNWATCHED:
        return at
    return None if ticket.due_at else ticket.ended_at or at


def limit(ticket: Ticket, due: Due | None) -> None:
    """A deadline that nobody was told of yet, or none."""
    ticket.due_at, ticket.warn_at, ticket.due_told = (due.at, due.warn_at, "") if due else (None, None, "")


def is_repeat(session: Session, key: str, request: list[Any], at: datetime) -> bool:
    """Whether this was carried out already; notes it otherwise. The same key for something else is refused."""
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    known = session.get(Repeat, key)
    if known is None:
        session.add(Repeat(key=key, fingerprint=fingerprint, at=at))
        return False
    if known.fingerprint != fingerprint:
        raise CaseRefused(422, "this Idempotency-Key was used for another request")
    return True
