"""The table of the files that citizens send with their words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Attachment(Base):
    """One file; it lies sealed below HOTLINE_HOME."""

    __tablename__ = "attachments"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    source: Mapped[str] = mapped_column(unique=True)  # CHANNEL MESSAGE NUMBER: the same file of the same message is kept once
    name: Mapped[str]  # as the sender called it, tidied; only shown
    kind: Mapped[str]  # by its content, a MIME type
    bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str]
    at: Mapped[datetime]
