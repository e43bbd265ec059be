"""The tables beside the deliveries: how far history was told, what a case system said once already, and how days compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Bookmark(Base):
    """How far a reader of history has come."""

    __tablename__ = "bookmarks"
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]


class Nonce(Base):
    """A signature that was accepted: the same request is not accepted again."""

    __tablename__ = "nonces"
    signature: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Reconciliation(Base):
    """How a day compared, when both sides were last asked."""

    __tablename__ = "reconciliations"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]
    compared: Mapped[int]  # tickets and calls
    differences: Mapped[int]
    detail: Mapped[dict[str, Any]]
