"""Watches deadlines: a warning before, word of a breach after, each once, whatever was killed meanwhile.

The rows say what was told already, so a look that was missed is made up by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, select

from tickets import deadlines, models
from tickets.case import Cases, limit
from tickets.database import Database
from tickets.life import note
from tickets.looking import LONG_AGO
from tickets.models import Ticket

NEAR, MISSED = "near", "missed"
TO_DISPATCH = ("pending", "to_dispatch")
AT_ONCE = 200  # tickets in one transaction: others write meanwhile
log = structlog.get_logger("tickets.watch")


@dataclass(frozen=True)
class Told:
    """What somebody should hear now. `state`: near or missed."""

    ticket: str
    state: str
    stage: str
    organisation: str
    due_at: datetime


Tell = Callable[[Told], None]


def nobody(_: Told) -> None:
    """For a process whose words nobody hears: the line of history stands all the same."""


def look(cases: Cases, tell: Tell = nobody) -> list[Told]:
    """One look at all tickets. What was found is in their history before anybody is told."""
    moment = cases.clock()
    _begin(cases)
    missed = (Ticket.due_at < moment, Ticket.due_told.in_(("", NEAR)))
    near = (Ticket.warn_at <= moment, Ticket.due_at >= moment, Ticket.due_told == "")
    found = [*_note(cases, moment, MISSED, missed), *_note(cases, moment, NEAR, near)]
    for told in found:
        log.warning("deadline", ticket=told.ticket, state=told.state, stage=told.stage, organisation=told.organisation)
        tell(told)
    return found


def late(database: Database, most: int) -> list[tuple[str, datetime]]:
    """Tickets of whose missed deadline was told and which are late still, the longest first: number, and when they were due."""
    wanted = select(Ticket.number, Ticket.due_at).where(Ticket.due_at > LONG_AGO, Ticket.due_told == MISSED).order_by(Ticket.due_at).limit(most)
    with database.reads() as session:
        return [(number, due_at) for number, due_at in session.execute(wanted) if due_at is not None]


def _begin(cases: Cases) -> None:
    """A message, a fax or a conversation that is over, and which nobody has accepted yet: its time runs from its end."""
    waits = (
        Ticket.due_at.is_(None), Ticket.due_told == "", Ticket.stage.in_(TO_DISPATCH),
        Ticket.status != models.DRAFT, Ticket.ended_at.is_not(None),
    )  # fmt: skip
    rules = cases.rules()
    while True:
        with cases.database.writes() as session:
            rows = session.scalars(select(Ticket).where(*waits).order_by(Ticket.id).limit(AT_ONCE).with_for_update()).all()
            for ticket in rows:
                if ticket.ended_at is not None:
                    limit(ticket, deadlines.dispatch(rules, ticket, ticket.ended_at))
        if len(rows) < AT_ONCE:
            return


def _note(cases: Cases, moment: datetime, state: str, wanted: tuple[ColumnElement[bool], ...]) -> list[Told]:
    found: list[Told] = []
    while True:
        with cases.database.writes() as session:
            rows = session.scalars(select(Ticket).where(*wanted).order_by(Ticket.due_at).limit(AT_ONCE).with_for_update()).all()
            batch = [Told(t.number, state, t.stage, t.organisation, t.due_at) for t in rows if t.due_at is not None]
            for ticket, told in zip(rows, batch, strict=True):
                ticket.due_told = state
                detail = {"due_at": told.due_at.isoformat(), "stage": told.stage, "organisation": told.organisation}
                note(session, ticket, f"deadline_{state}", detail, at=moment)
        found += batch
        if len(rows) < AT_ONCE:
            return found
