"""Return visits as people look them up: a list, one of them, the rates of a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from tickets.database import Database
from tickets.models import Ticket
from tickets.rates import Rates, Visit, rates
from tickets.revisit_tables import DIALLING, DONE, TALKING, TASK, WAITING, Revisit


def listed(database: Database, state: str = "", limit: int = 100, before: str | None = None) -> Sequence[tuple[Revisit, Ticket]]:
    """Newest first; without a state all that are not over."""
    wanted = of(state) if state else of(WAITING, DIALLING, TALKING, TASK)
    if before:
        wanted = wanted.where(Revisit.id < before)
    with database.reads() as session:
        return [(row[0], row[1]) for row in session.execute(wanted.order_by(Revisit.id.desc()).limit(limit))]


def find(database: Database, revisit_id: str) -> tuple[Revisit, Ticket] | None:
    with database.reads() as session:
        row = session.execute(select(Revisit, Ticket).join(Ticket, Ticket.id == Revisit.ticket_id).where(Revisit.id == revisit_id)).first()
        return (row[0], row[1]) if row else None


def rates_of(database: Database, first: datetime, last: datetime) -> Rates:
    """响应率 解决率 满意率 of the visits that ended in this time."""
    wanted = select(Revisit.in_time, Revisit.solved, Revisit.satisfied).where(Revisit.state == DONE, Revisit.changed_at >= first, Revisit.changed_at < last)
    with database.reads() as session:
        return rates(Visit(*row) for row in session.execute(wanted))


def as_json(revisit: Revisit, ticket: Ticket) -> dict[str, Any]:
    """The form of the API and of `--json`; no number of a citizen."""
    names = ("id", "state", "tries", "made_at", "changed_at", "next_at", "reason", "in_time", "solved", "satisfied", "audio_seconds", "words_state")
    return {"ticket": ticket.number, **{name: getattr(revisit, name) for name in names}}


def of(*states: str) -> Select[Revisit, Ticket]:
    """Visits in these states, each with its ticket."""
    return select(Revisit, Ticket).join(Ticket, Ticket.id == Revisit.ticket_id).where(Revisit.state.in_(states))
