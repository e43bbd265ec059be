"""The tables of the return visit: one row a ticket and round, and how far queue_log was read for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base

WAITING, DIALLING, TALKING, TASK, DONE = "waiting", "dialling", "talking", "task", "done"
STATES = {
    WAITING: "to be called, from `next_at` on",
    DIALLING: "being called",
    TALKING: "has answered",
    TASK: "a person must ask; `reason` says why",
    DONE: "over",
}


class Revisit(Base):
    """One return visit. The number called is the ticket's caller, and stands nowhere else."""

    __tablename__ = "revisits"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    round: Mapped[int] = mapped_column(Integer)  # how often the ticket had been reopened
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    reason: Mapped[str]
    in_time: Mapped[bool | None]  # the reply before it was; None where nothing had a deadline
    solved: Mapped[str]  # yes, partly, no, or "" where it was not said
    satisfied: Mapped[str]  # satisfied, fair, dissatisfied, or ""
    settled: Mapped[bool]  # the ticket has been moved by what was said
    audio_path: Mapped[str | None]  # a message spoken at its end, relative to HOTLINE_HOME
    audio_seconds: Mapped[float | None]
    words_state: Mapped[str]  # none, pending, done, failed
    words_attempts: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("ticket_id", "round", name="uq_revisits_ticket_id"),
        Index("ix_revisits_state", "state", "next_at"),
        Index("ix_revisits_changed_at", "state", "changed_at"),
    )


class RevisitPlace(Base):
    """How far queue_log was read; it moves in the transaction of what was read."""

    __tablename__ = "revisit_place"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[dict[str, Any]]
