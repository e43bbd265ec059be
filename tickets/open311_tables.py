"""What a request that came by Open311 said beside its matter: where it is, who sent it, and under which names it is asked for."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.models import Base


class Open311Request(Base):
    """One request, beside its ticket. What a citizen wrote is personal: it is shown only as tickets/open311_register.py says."""

    __tablename__ = "open311_requests"
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)  # cannot be guessed; leads to the number once there is one to tell
    address: Mapped[str]
    address_id: Mapped[str]
    lat: Mapped[float | None]
    long: Mapped[float | None]
    media_url: Mapped[str]
    device_id: Mapped[str]
    account_id: Mapped[str]
