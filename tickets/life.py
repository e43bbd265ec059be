"""A ticket's life: how one begins, which status may follow which, and the line of history each change leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from tickets import models
from tickets.chain import head, link
from tickets.item import Item, new_id, plain
from tickets.models import ORDINARY, History, Ticket
from tickets.moves import MOVES
from tickets.numbers import next_number


class WrongChange(Exception):
    """This status cannot follow that one."""


def now() -> datetime:
    return datetime.now(UTC)


def begin(session: Session, channel: str, status: str, number: str | None = None) -> Ticket:
    """A new ticket with its number, or one that was reserved for it; everything else still empty."""
    moment = now()
    return Ticket(
        id=new_id(),
        number=number or next_number(session, moment),
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
        stage="pending",
        stage_at=moment,
        urgency=ORDINARY,
        organisation="",
        helpers=[],
        returns=0,
        final=False,
        extensions=0,
        reopened=0,
        rating="",
        confidential=False,
        reply_wanted=True,
        due_told="",
        accused="",
    )


def begin_from_item(session: Session, item: Item, number: str | None = None) -> Ticket:
    """A ticket for a message or a fax, with what its description tells; nothing in there is trusted."""
    ticket = begin(session, item.kind, models.OPEN, number)
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


def hand_over(ticket: Ticket, at: datetime) -> None:
    """The case system has it, so it is with those who handle it; the line about the hand-over is this move's, too."""
    if ticket.stage in MOVES["hand_over"].ends:
        ticket.stage, ticket.stage_at, ticket.dispatched_at = MOVES["hand_over"].ends[ticket.stage], at, at
        ticket.due_at = ticket.warn_at = None  # from here the deadlines are the case system's


def note(session: Session, ticket: Ticket, event: str, detail: dict[str, Any], actor: str = "", at: datetime | None = None) -> None:
    """Appends what happened to the chain."""
    if event not in models.EVENTS:
        raise ValueError(f"{event!r} is no event of a ticket")
    session.flush()
    moment, actor = at or now(), actor or "hotline"
    ticket.updated_at = moment
    linked = link(head(session), ticket.id, moment, event, actor, detail)
    session.add(History(ticket_id=ticket.id, at=moment, event=event, actor=actor, detail=detail, hash=linked))
    session.flush()


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
