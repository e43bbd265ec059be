"""What reports count: the rows of a time, read once and in order, without anything that names a citizen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.models import History, Ticket
from tickets.rates import Visit
from tickets.revisit_tables import DONE, Revisit

ONLY_COUNTED = ("repeated", "deadline_missed")
AT_ONCE = 5000
MANY = 500
_DISTRICT = re.compile(r"[\u4e00-\u9fff]{1,6}?(?:(?<![小社园校景])区|县|镇|乡|街道)(?!域)")
_ROAD = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:大道|大街|路|街|巷)")
_ABOVE = re.compile(r"^.{0,8}?(?:省|自治区)|^.{0,6}?市")


class Matter(NamedTuple):
    """A ticket, as far as it is counted. `area`: district or road, never a house."""

    id: str
    channel: str
    type: str
    category: str
    organisation: str
    area: str
    created_at: datetime


class Step(NamedTuple):
    """A line of history that is counted, with what its ticket is now."""

    ticket: str
    number: str
    event: str
    move: str
    late: bool | None
    rating: str
    organisation: str
    category: str
    stage: str


def matters(session: Session, begin: datetime, end: datetime) -> Iterator[Matter]:
    """Tickets that came in from `begin` to before `end`."""
    columns = (Ticket.id, Ticket.channel, Ticket.type, Ticket.category, Ticket.organisation, Ticket.place, Ticket.created_at)
    wanted = select(*columns).where(Ticket.created_at >= begin, Ticket.created_at < end)
    for row in session.execute(wanted.execution_options(yield_per=AT_ONCE)):
        yield Matter(row.id, row.channel, row.type, row.category, row.organisation, area(row.place), row.created_at)


def steps(session: Session, begin: datetime, end: datetime) -> Iterator[Step]:
    """What was done in that time, in order, as the index has it; then what is only counted."""
    columns = (
        History.ticket_id, History.event, History.detail, Ticket.number, Ticket.organisation, Ticket.category, Ticket.stage,
    )  # fmt: skip
    during = select(*columns).join(Ticket, Ticket.id == History.ticket_id).where(History.at >= begin, History.at < end)
    moved = during.where(History.event == "moved").order_by(History.at, History.id)
    queries = (moved, during.where(History.event.in_(ONLY_COUNTED)))
    for row in (row for query in queries for row in session.execute(query.execution_options(yield_per=AT_ONCE))):
        detail: dict[str, Any] = row.detail
        yield Step(
            row.ticket_id, row.number, row.event, detail.get("move", ""), detail.get("late"), detail.get("rating", ""),
            row.organisation, row.category, row.stage,
        )  # fmt: skip


def visits(session: Session, begin: datetime, end: datetime) -> Iterator[tuple[str, Visit]]:
    """Return visits that ended in that time, each with the organisation that has the ticket now."""
    columns = (Ticket.organisation, Revisit.in_time, Revisit.solved, Revisit.satisfied)
    wanted = select(*columns).join(Ticket, Ticket.id == Revisit.ticket_id).where(Revisit.state == DONE, Revisit.changed_at >= begin, Revisit.changed_at < end)
    for row in session.execute(wanted.execution_options(yield_per=AT_ONCE)):
        yield row.organisation, Visit(row.in_time, row.solved, row.satisfied)


def late_replies(session: Session, tickets: Iterable[str], before: datetime) -> dict[str, bool]:
    """Of tickets whose reply was given before this time: whether the last one was late."""
    wanted, found = sorted(tickets), {}
    for at in range(0, len(wanted), MANY):
        # By ticket alone: told of event and time as well, SQLite looks through all of the register's history before it.
        lines = select(History.ticket_id, History.at, History.detail).where(History.ticket_id.in_(wanted[at : at + MANY]))
        for ticket, moment, detail in session.execute(lines.order_by(History.id)):
            if moment < before and detail.get("move") == "reply" and "late" in detail:
                found[ticket] = bool(detail["late"])
    return found


def area(place: str) -> str:
    """山东省东营市东营区和平路12号 is 东营区; 和平路12号 is 和平路; what names neither is "": house numbers are nobody's business."""
    below = _ABOVE.sub("", _ABOVE.sub("", place.strip()))
    found = _DISTRICT.match(below) or _ROAD.search(below)
    return found[0] if found else ""
