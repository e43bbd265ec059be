"""The table of surges: many callers with one matter at one place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class SurgeRow(Base):
    """One surge; `ended_at` once no more callers came for as long as the city's rule looks back."""

    __tablename__ = "surges"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    place: Mapped[str]
    words: Mapped[str]
    callers: Mapped[int]
    tickets: Mapped[list[str]]  # their numbers
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_surges_ended_at", "ended_at", "id"),)
