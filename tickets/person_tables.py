"""The table of persons: a key each, wrapped by the master key, and a mark by which their number is found again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Person(Base):
    """Whoever called or wrote under one number. Erased: neither key nor mark, and what the key sealed is noise."""

    __tablename__ = "persons"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    mark: Mapped[str | None] = mapped_column(String(64), unique=True)  # HMAC of the number; none: the number was withheld
    wrapped_key: Mapped[str | None]
    wrapped_by: Mapped[str]  # the master key's id
    made_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
