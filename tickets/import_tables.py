"""Under which number another system knows a ticket that came from its file: the same row again is the same ticket."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Imported(Base):
    """One ticket that a file made."""

    __tablename__ = "imported"
    number: Mapped[str] = mapped_column(String(64), primary_key=True)  # 办件编号, as the file has it
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), unique=True)
    at: Mapped[datetime]
