"""The tables of what citizens send: every message as it came, what is still missing of some, and how each is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Arrival(Base):
    """One message of one channel, by that channel's own id: the same one again changes nothing."""

    __tablename__ = "arrivals"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    channel: Mapped[str]
    message_id: Mapped[str]
    sender: Mapped[str]
    at: Mapped[datetime]
    outcome: Mapped[str]  # tickets/intake.py
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    text: Mapped[str]
    answer: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("channel", "message_id", name="uq_arrivals_message"), Index("ix_arrivals_sender", "channel", "sender", "at"))


class Begun(Base):
    """A matter whose sender was asked for what is missing; forgotten when it expires."""

    __tablename__ = "begun"
    channel: Mapped[str] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    place: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str]
    asked: Mapped[str]  # text, place, name or phone
    expires_at: Mapped[datetime]


class Contact(Base):
    """How the citizen of a ticket is told; no row: not at all."""

    __tablename__ = "contacts"
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    by: Mapped[str]  # sms, email, or pull
    channel: Mapped[str]
    address: Mapped[str]  # a number, an address, or the channel's own name for the person
