"""The table of what the deletion job did: one line a run, each chained to the one before and signed (tickets/retention_log.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Deletion(Base):
    """One run. `report`: by class how many, of which tickets, and the digests of what went; never what it said."""

    __tablename__ = "deletions"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    why: Mapped[str]  # retention, or the erasure of a person
    actor: Mapped[str]
    report: Mapped[dict[str, Any]]
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))
    __table_args__ = ({"sqlite_autoincrement": True},)
