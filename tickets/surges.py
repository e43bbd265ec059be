"""Looks for surges among the tickets of the last minutes, and tells of each once when it begins and once when it is over.

The rules are pure (tickets/likeness.py); here are the rows they look at, and what was told already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from ivr.channels import Surge
from tickets import wire
from tickets.case import Cases
from tickets.database import Database
from tickets.findings import masked_text
from tickets.intake_tables import Arrival
from tickets.item import new_id
from tickets.likeness import Crowd, Matter, alike, crowds, same_place
from tickets.matter import taken_apart
from tickets.models import DRAFT, Ticket
from tickets.surge_tables import SurgeRow

MOST_LOOKED_AT = 2000  # tickets of the last minutes; above that a surge shows itself in any case
MOST_NAMED = 500
LONGEST_WORDS = 60  # characters of what is shown of the matter
log = structlog.get_logger("tickets.surges")


@dataclass(frozen=True)
class SurgeTold:
    """What a supervisor should hear: `state` raised or ended."""

    id: str
    state: str
    place: str
    callers: int
    tickets: tuple[str, ...]


Tell = Callable[[SurgeTold], None]


def nobody(_: SurgeTold) -> None:
    """For a process whose words nobody hears; the row stands all the same."""


def look(cases: Cases, tell: Tell = nobody, places: Collection[str] = ()) -> list[SurgeTold]:
    """One look. What was found is written before anybody is told."""
    rule, at = cases.rules().channels.surge, cases.clock()
    found = crowds(matters(cases.database, at - timedelta(minutes=rule.minutes), places), rule, at)
    told = _noted(cases.database, found, rule, at)
    for one in told:
        log.warning("surge", state=one.state, callers=one.callers, tickets=len(one.tickets))
        tell(one)
    return told


def matters(database: Database, since: datetime, places: Collection[str] = ()) -> list[Matter]:
    """What was told since then, by whom and where. A caller is known by number, or by the sender of the words."""
    wanted = select(Ticket, Arrival.channel, Arrival.sender).outerjoin(Arrival, (Arrival.ticket_id == Ticket.id) & (Arrival.outcome == "created"))
    wanted = wanted.where(Ticket.created_at >= since, Ticket.status != DRAFT).order_by(Ticket.id.desc()).limit(MOST_LOOKED_AT)
    with database.reads() as session:
        rows = session.execute(wanted).all()
    return [_matter(ticket, f"{channel} {sender}" if channel else "", places) for ticket, channel, sender in rows]


def listed(database: Database, limit: int, before: str = "", *, all_: bool = False) -> Sequence[SurgeRow]:
    """Newest first; those that go on, or `all_`."""
    wanted = select(SurgeRow).order_by(SurgeRow.id.desc()).limit(limit)
    wanted = wanted.where(SurgeRow.id < before) if before else wanted
    with database.reads() as session:
        return session.scalars(wanted if all_ else wanted.where(SurgeRow.ended_at.is_(None))).all()


def shown(row: SurgeRow) -> dict[str, Any]:
    """As JSON; no caller stands in it."""
    return {
        "id": row.id, "place": row.place, "words": row.words, "callers": row.callers, "tickets": row.tickets, "began_at": wire.moment(row.began_at),
        "last_at": wire.moment(row.last_at), "ended_at": wire.moment(row.ended_at),
    }  # fmt: skip


def _matter(ticket: Ticket, sender: str, places: Collection[str]) -> Matter:
    said = taken_apart(ticket.transcript_corrected or ticket.transcript or "", places)
    if ticket.place:
        said = taken_apart(f"地点:{ticket.place}\n{ticket.transcript_corrected or ticket.transcript or ''}", places)
    return Matter(ticket.number, ticket.caller or sender or ticket.id, ticket.created_at, said)


def _noted(database: Database, found: list[Crowd], rule: Surge, at: datetime) -> list[SurgeTold]:
    told: list[SurgeTold] = []
    with database.writes() as session:
        going_on = list(session.scalars(select(SurgeRow).where(SurgeRow.ended_at.is_(None)).order_by(SurgeRow.id).with_for_update()))
        for crowd in found:
            row = next((row for row in going_on if _is_same(row, crowd, rule)), None)
            if row is None:
                row = SurgeRow(id=new_id(), place=crowd.place, words=(masked_text(crowd.words) or "")[:LONGEST_WORDS], began_at=crowd.began_at, ended_at=None, callers=0, tickets=[])
                session.add(row)
                told.append(SurgeTold(row.id, "raised", crowd.place, crowd.callers, crowd.tickets))
            row.callers, row.last_at = max(row.callers, crowd.callers), crowd.last_at
            row.tickets = list(dict.fromkeys((*row.tickets, *crowd.tickets)))[:MOST_NAMED]
        for row in going_on:
            if at - row.last_at > timedelta(minutes=rule.minutes):
                row.ended_at = at
                told.append(SurgeTold(row.id, "ended", row.place, row.callers, tuple(row.tickets)))
    return told


def _is_same(row: SurgeRow, crowd: Crowd, rule: Surge) -> bool:
    return bool(set(row.tickets) & set(crowd.tickets)) or (same_place((row.place,), (crowd.place,)) and alike(row.words, crowd.words) >= rule.likeness)
