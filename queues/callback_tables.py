"""The tables of call-backs, of callers who gave up waiting, and of our place in queue_log: one transaction for all three."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from queues.tables import Base


class CallBackRow(Base):
    """queues.callbacks.CallBack, field by field."""

    __tablename__ = "callbacks"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    path: Mapped[str]
    type: Mapped[str]
    called: Mapped[str]
    queue: Mapped[str]
    place: Mapped[int] = mapped_column(Integer)
    priority: Mapped[int] = mapped_column(Integer)
    penalty: Mapped[int] = mapped_column(Integer)
    trunk: Mapped[str]
    trunk_at: Mapped[str]
    version: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime | None]
    agent: Mapped[str]
    reason: Mapped[str]


class MissedRow(Base):
    """A number whose caller gave up waiting and has talked to nobody since (漏话): once, however often they tried."""

    __tablename__ = "missed_callers"
    number: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str]
    path: Mapped[str]
    type: Mapped[str]
    called: Mapped[str]
    times: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    waited_seconds: Mapped[int] = mapped_column(Integer)  # the last time


class PlaceRow(Base):
    """How far queue_log was read, and what must be remembered between its lines."""

    __tablename__ = "callback_place"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[dict[str, Any]]
    known: Mapped[dict[str, Any]]


class BlockRow(Base):
    """A number that a person has blocked, why and until when; a block that is over or taken back stays as a record."""

    __tablename__ = "blocks"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class NuisanceRow(Base):
    """What somebody on the telephone experienced: the ground on which a person may block a number."""

    __tablename__ = "nuisances"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    what: Mapped[str]
    linkedid: Mapped[str]
