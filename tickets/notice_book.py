"""Looks into the notices, and notes what people and other systems say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tickets import wire
from tickets.case import Who, find
from tickets.database import Database
from tickets.intake_rules import EMAIL, PHONE, tidied_number
from tickets.intake_tables import Contact
from tickets.life import note
from tickets.models import Ticket
from tickets.moves import CaseRefused
from tickets.notice_tables import Notice
from tickets.notices import NEW, TOLD, ended


def listed(database: Database, limit: int, after: str = "", equal: Mapping[str, str] | None = None) -> Sequence[tuple[Notice, str | None]]:
    """Oldest first, each with its ticket's number. `equal`: state, by, channel."""
    wanted = select(Notice, Ticket.number).outerjoin(Ticket, Ticket.id == Notice.ticket_id).where(Notice.id > after)
    wanted = wanted.where(*(getattr(Notice, name) == value for name, value in (equal or {}).items()))
    with database.reads() as session:
        return [(row, number) for row, number in session.execute(wanted.order_by(Notice.id).limit(limit))]


def mark_told(database: Database, notice_id: str, at: datetime) -> tuple[Notice, str | None]:
    """One that is fetched by its channel's system was told. Raises LookupError."""
    with database.writes() as session:
        notice = session.get(Notice, notice_id, with_for_update=True)
        if notice is None or notice.by != "pull" or notice.state not in (NEW, TOLD):
            raise LookupError(notice_id)
        if notice.state == NEW:
            ended(session, notice, TOLD, at)
        number = session.scalar(select(Ticket.number).where(Ticket.id == notice.ticket_id))
        return notice, number


def choose(database: Database, number_or_id: str, by: str, address: str, who: Who, at: datetime) -> Contact:
    """How the citizen of a ticket is told from now on. Raises NoSuchTicket and CaseRefused."""
    address = tidied_number(address) if by == "sms" else address.strip()
    shape = {"sms": PHONE, "email": EMAIL}.get(by)
    if shape is not None and not shape.fullmatch(address):
        raise CaseRefused(422, f"to be told by {by} an address of that kind is needed")
    with database.writes() as session:
        ticket = find(session, number_or_id, lock=True)
        row = session.merge(Contact(ticket_id=ticket.id, by=by, channel=ticket.channel, address=address if shape else ""))
        note(session, ticket, "contact_changed", {"by": by}, who.name, at)
        return row


def shown(row: Notice, number: str | None, *, full: bool) -> dict[str, Any]:
    """As JSON; whose it is in full only for those who need it."""
    return {
        "id": row.id, "ticket": number, "kind": row.kind, "by": row.by, "channel": row.channel, "address": row.address if full else wire.masked(row.address),
        "text": row.text, "state": row.state, "attempts": row.attempts, "created_at": wire.moment(row.created_at), "told_at": wire.moment(row.told_at),
        "last_error": row.last_error,
    }  # fmt: skip
