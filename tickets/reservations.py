"""Numbers given out before their tickets: each is a row from the beginning, and ends as a ticket or void with a reason.

The row is committed before the number lies in the pool (tickets/number_pool.py), so what a caller was told is known here.
Nothing is given twice: the number comes from the day's one counter, and only one item of the spool can take it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tickets import pins
from tickets.database import Database
from tickets.life import now
from tickets.models import Ticket
from tickets.number_pool import NumberPool, day_of
from tickets.numbers import next_number
from tickets.progress_tables import POOLED, USED, VOID, Pin, Reservation

LOST_AFTER = timedelta(hours=24)  # taken, and no message came of it: longer than any message lasts
log = structlog.get_logger("tickets.reservations")


@dataclass(frozen=True)
class Reserving:
    """Keeps the pool filled, from the process that makes tickets. `key`: tickets/pins.py."""

    database: Database
    pool: NumberPool
    key: bytes

    def one_more(self, day: datetime) -> str:
        """A number of that day with its PIN; first the row, then the file. Raises OSError."""
        pin = pins.new()
        hashed = pins.hashed(pin, self.key)
        with self.database.writes() as session:
            number = next_number(session, day)
            session.add(Reservation(number=number, hash=hashed, state=POOLED, made_at=now(), ended_at=None, reason=""))
        self.pool.put(number, pin)
        return number

    def tidy(self, at: datetime) -> int:
        """Takes back what was made for a day that is over, ends what came to nothing. Returns how many ended."""
        today = day_of(at.timestamp())
        with self.database.reads() as session:
            pooled = {row.number: row.made_at for row in session.scalars(select(Reservation).where(Reservation.state == POOLED))}
        ended = 0
        for number in self.pool.waiting():
            if number not in pooled:  # of a database that was restored: nobody must be told a number that is not known
                self.pool.withdraw(number)
            elif number[:8] < today and self.pool.withdraw(number):
                ended += self._void(number, "its day is over and nobody was told it", at)
        there = set(self.pool.waiting())
        for number, made_at in pooled.items():
            if number not in there and at - made_at > LOST_AFTER and number[:8] < today:
                ended += self._void(number, "told, or about to be, and no message came of it", at)
        for _, since, mark in self.pool.marks():
            if at.timestamp() - since > LOST_AFTER.total_seconds():
                mark.unlink(missing_ok=True)
        return ended

    def _void(self, number: str, why: str, at: datetime) -> int:
        with self.database.writes() as session:
            row = session.get(Reservation, number, with_for_update=True)
            if row is None or row.state != POOLED:
                return 0
            row.state, row.reason, row.ended_at, row.hash = VOID, why, at, ""
        log.info("number void", number=number, reason=why)
        return 1


def use(session: Session, number: str) -> str | None:
    """The number that a caller was told becomes their ticket's, in the transaction that makes it. None: it cannot."""
    row = session.get(Reservation, number, with_for_update=True) if number else None
    if row is None or row.state == USED or session.scalar(select(Ticket.id).where(Ticket.number == number)):
        return None
    row.state, row.ended_at = USED, now()
    return number


def hand_pin(session: Session, ticket: Ticket) -> None:
    """And what opens it goes with it."""
    row = session.get(Reservation, ticket.number)
    if row is not None and row.hash:
        session.add(Pin(ticket_id=ticket.id, hash=row.hash, made_at=row.made_at))
        session.execute(update(Reservation).where(Reservation.number == ticket.number).values(hash=""))


def unused(session: Session) -> int:
    """Numbers that were given out and are no tickets."""
    return session.execute(select(func.count()).select_from(Reservation).where(Reservation.state != USED)).scalar_one()
