"""The tables of the life cycle beside the tickets themselves: what people said, and which requests were carried out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Note(Base):
    """A reason, a reply, the way told, a corrected transcript. Erased: no text and no salt."""

    __tablename__ = "notes"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str | None]
    salt: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime]


class Repeat(Base):
    """A request that was carried out under its Idempotency-Key; the same again changes nothing."""

    __tablename__ = "repeats"
    key: Mapped[str] = mapped_column(primary_key=True)  # who asked, and their key
    fingerprint: Mapped[str]
    at: Mapped[datetime]
