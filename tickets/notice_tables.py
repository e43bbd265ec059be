"""The tables of what citizens are told: each notice once, what became of it, and how far history was read for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Notice(Base):
    """One text for one citizen. When it was told, its text goes: what it said is the city's texts and the ticket's."""

    __tablename__ = "notices"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    step: Mapped[str] = mapped_column(unique=True)  # `line 17` of history, or `answer CHANNEL MESSAGE`: never two for one
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    kind: Mapped[str]  # step or answer
    by: Mapped[str]  # sms, email, pull
    channel: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    in_reply_to: Mapped[str]  # of an e-mail
    state: Mapped[str]  # tickets/notices.py
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    __table_args__ = (Index("ix_notices_state", "state", "next_attempt_at"),)


class Follower(Base):
    """Who reads the history, and the last line they have read."""

    __tablename__ = "followers"
    name: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[int]
