"""The tables behind "how far is my matter": PINs, numbers that were reserved beforehand, and who tried too often."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base

POOLED, USED, VOID = "pooled", "used", "void"


class Pin(Base):
    """What opens a ticket's progress; one at most, and never the PIN itself."""

    __tablename__ = "pins"
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    hash: Mapped[str]
    made_at: Mapped[datetime]


class Reservation(Base):
    """A number that was given out before its ticket: lying in the pool, become a ticket, or void with a reason."""

    __tablename__ = "reservations"
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    hash: Mapped[str]  # of its PIN; "" once the ticket has it, or nobody will
    state: Mapped[str] = mapped_column(index=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str]


class Tried(Base):
    """Wrong PINs, by who tried and by the number they tried it on. `subject` is sealed: no caller's number stands here."""

    __tablename__ = "progress_tries"
    subject: Mapped[str] = mapped_column(primary_key=True)
    wrong: Mapped[int] = mapped_column(Integer)  # since `since`
    since: Mapped[datetime]
    locks: Mapped[int] = mapped_column(Integer)  # how often it was locked in a row: each lock lasts longer
    locked_until: Mapped[datetime | None] = mapped_column(index=True)
