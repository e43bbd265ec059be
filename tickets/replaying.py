"""Sends everything again from a point on: for a case system that was put back to yesterday's state. Same keys, same bytes, same order.

What it still has it knows by its key. Bodies that are no longer kept (`case_system.keep_days`, an erased person) cannot be sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tickets import models
from tickets.models import Delivery
from tickets.numbers import SHANGHAI
from tickets.outbox import NoSuchDelivery, Outbox

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
AT_ONCE = 500  # deliveries in one transaction
ENDED = (models.DELIVERED, models.DEAD)


class NoSuchPoint(ValueError):
    """Neither a delivery nor a time; the message says what is wanted."""


@dataclass(frozen=True)
class Replayed:
    """How many are sent again, and how many cannot be."""

    sent: int
    gone: int


@dataclass(frozen=True)
class Replaying:
    """Over one outbox. Synchronous."""

    outbox: Outbox

    def point(self, since: str) -> datetime:
        """A delivery's id, or a time in ISO 8601; without a zone it is the city's. Raises NoSuchPoint."""
        if ULID.fullmatch(since):
            try:
                return self.outbox.get(since).created_at
            except NoSuchDelivery:
                raise NoSuchPoint(f"no delivery has the id {since}") from None
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            raise NoSuchPoint(f"{since[:40]!r} is neither a delivery's id nor a time such as 2026-11-22T08:00") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)

    def since(self, moment: datetime, about: str = "", actor: str = "") -> Replayed:
        """All that was made from this moment on; `about`: of one ticket or call only."""
        wanted: list[ColumnElement[bool]] = [Delivery.created_at >= moment]
        return self._again([*wanted, Delivery.about == about] if about else wanted, actor)

    def of_day(self, day: str, abouts: list[str], actor: str = "") -> Replayed:
        """All of these tickets and calls that was made on this day."""
        found = [self._again([Delivery.day == day, Delivery.about == about], actor) for about in abouts]
        return Replayed(sum(one.sent for one in found), sum(one.gone for one in found))

    def forget(self, before: datetime) -> int:
        """Empties the bodies of what was taken and is older than this. Returns how many."""
        emptied, day = 0, before.astimezone(SHANGHAI).date().isoformat()
        old = select(Delivery).where(Delivery.day < day, Delivery.state == models.DELIVERED, Delivery.body != "").limit(AT_ONCE)
        while True:
            with self.outbox.database.writes() as session:
                rows = session.scalars(old).all()
                for row in rows:
                    row.body = ""
            emptied += len(rows)
            if len(rows) < AT_ONCE:
                return emptied

    def _again(self, wanted: list[ColumnElement[bool]], actor: str) -> Replayed:
        sent, gone, last = 0, 0, ""
        with self.outbox.database.reads() as session:
            until = session.scalar(select(func.max(Delivery.id))) or ""  # what is made meanwhile is sent anyway
        while True:
            with self.outbox.database.writes() as session:
                rows = session.scalars(
                    select(Delivery)
                    .where(*wanted, Delivery.id <= until, Delivery.state.in_(ENDED), Delivery.id > last)
                    .order_by(Delivery.id)
                    .limit(AT_ONCE)
                    .with_for_update()
                ).all()
                kept = [row for row in rows if can_be_sent(row)]
                self._wait(session, kept, actor)
            sent, gone = sent + len(kept), gone + len(rows) - len(kept)
            if len(rows) < AT_ONCE:
                return Replayed(sent, gone)
            last = rows[-1].id

    def _wait(self, session: Session, rows: list[Delivery], actor: str) -> None:
        for row in rows:
            self.outbox.wait_again(session, row, actor)
        for about in dict.fromkeys(row.about for row in rows):
            self.outbox.go_on(session, about)



def can_be_sent(delivery: Delivery) -> bool:
    """Its body is still what it was: neither too old nor of a person who was erased (tickets/wiping.py)."""
    return bool(delivery.body) and '"erased":true' not in delivery.body
