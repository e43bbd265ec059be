"""A ticket's life: how one begins, which status may follow which, and the line of history each change leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from tickets import models
from tickets.item import Item, new_id, plain
from tickets.models import History, Ticket
from tickets.numbers import next_number


class WrongChange(Exception):
    """This status cannot follow that one."""


def now() -> datetime:
    return datetime.now(UTC)


def begin(session: Session, channel: str, status: str) -> Ticket:
    """A new ticket with its number, everything else still empty."""
    moment = now()
    return Ticket(
        id=new_id(),
        number=next_number(session, moment),
        channel=channel,
        status=status,
        type="",
        path="",
        caller="",
        caller_name="",
        called="",
        agent="",
        linkedid="",
        language="",
        menu_version="",
        reason="",
        category="",
        reference="",
        began_at=moment,
        created_at=moment,
        updated_at=moment,
        truncated=False,
        transcript_state=models.NONE,
        transcript_attempts=0,
        needs_review=False,
    )


def begin_from_item(session: Session, item: Item) -> Ticket:
    """A ticket for a message or a fax, with what its description tells; nothing in there is trusted."""
    ticket = begin(session, item.kind, models.OPEN)
    ticket.item = item.item
    ticket.linkedid, ticket.type, ticket.path = plain(item.linkedid or item.uniqueid), known_type(item.type), plain(item.path)
    ticket.caller, ticket.caller_name, ticket.called = plain(item.caller), plain(item.caller_name), plain(item.called)
    ticket.language, ticket.menu_version, ticket.reason = plain(item.language), plain(item.version), plain(item.reason)
    ticket.category, ticket.reference = plain(item.category), plain(item.reference)
    ticket.began_at = _moment(item.opened_at) or ticket.created_at
    ticket.ended_at = _moment(item.closed_at) or ticket.created_at
    ticket.truncated = bool(item.truncated)
    return ticket


def known_type(name: str) -> str:
    return name if name in models.TYPES else ""


def become(ticket: Ticket, status: str) -> None:
    """Raises WrongChange."""
    if status not in models.STATUS_CHANGES[ticket.status]:
        raise WrongChange(f"ticket {ticket.number}: {ticket.status} cannot become {status}")
    ticket.status = status


def note(session: Session, ticket: Ticket, event: str, detail: dict[str, Any], actor: str = "") -> None:
    """Appends what happened."""
    if event not in models.EVENTS:
        raise ValueError(f"{event!r} is no event of a ticket")
    session.flush()
    moment = now()
    ticket.updated_at = moment
    session.add(History(ticket_id=ticket.id, at=moment, event=event, actor=actor or "hotline", detail=detail))
    session.flush()


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
