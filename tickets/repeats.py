"""The same matter from the same caller: finds the ticket there is already, and notes that it was told again.

One that is in hand gets the new words; one that is over does not swallow them: a new ticket names it (`repeat_of`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ivr.channels import Repeat
from tickets.intake_rules import Report
from tickets.intake_tables import Arrival
from tickets.life import note
from tickets.likeness import alike, same_matter
from tickets.matter import Said, taken_apart
from tickets.models import DRAFT, History, Ticket
from tickets.moves import CLOSED

MOST_COMPARED = 50  # of one caller's tickets, the newest first


def find(session: Session, report: Report, rule: Repeat, at: datetime, places: Collection[str] = ()) -> Ticket | None:
    """The sender's newest ticket of this matter."""
    mine = _said(report.text, report.place, places)
    return best(of_sender(session, report, at - timedelta(days=rule.days)), mine, rule.likeness, places)


def of_caller(session: Session, ticket: Ticket, rule: Repeat, places: Collection[str] = ()) -> Ticket | None:
    """The same for a ticket that there is already: its caller's earlier one of the same matter."""
    if len(ticket.caller) < 5 or not words(ticket):
        return None
    since = ticket.began_at - timedelta(days=rule.days)
    earlier = select(Ticket).where(Ticket.caller == ticket.caller, Ticket.created_at >= since, Ticket.id < ticket.id, Ticket.status != DRAFT)
    rows = session.scalars(earlier.order_by(Ticket.id.desc()).limit(MOST_COMPARED)).all()
    return best(rows, _said(words(ticket), ticket.place, places), rule.likeness, places)


def best(rows: Collection[Ticket], mine: Said, least: int, places: Collection[str] = ()) -> Ticket | None:
    """The most alike; one that is in hand before one that is over."""
    fits = [(row, said) for row in rows if same_matter(mine, said := _said(words(row), row.place, places), least)]
    return max(fits, key=lambda fit: (goes_on(fit[0]), alike(mine.matter, fit[1].matter), fit[0].id), default=(None,))[0]


def of_sender(session: Session, report: Report, since: datetime) -> Collection[Ticket]:
    theirs = select(Arrival.ticket_id).where(Arrival.channel == report.channel, Arrival.sender == report.sender, Arrival.at >= since)
    same = or_(Ticket.id.in_(theirs), Ticket.caller == report.phone) if report.phone else Ticket.id.in_(theirs)
    wanted = select(Ticket).where(same, Ticket.created_at >= since, Ticket.status != DRAFT).order_by(Ticket.id.desc())
    return session.scalars(wanted.limit(MOST_COMPARED)).all()


def is_of(session: Session, ticket: Ticket, report: Report) -> bool:
    """Whether this sender's words made the ticket, or their number did. A number that was only typed in proves nothing."""
    if report.phone and report.phone == report.sender == ticket.caller:
        return True
    theirs = select(Arrival.id).where(Arrival.ticket_id == ticket.id, Arrival.channel == report.channel, Arrival.sender == report.sender)
    return session.scalar(theirs.limit(1)) is not None


def link(session: Session, ticket: Ticket, earlier: Ticket, at: datetime) -> None:
    """Both say so: the new one names the earlier, the earlier counts."""
    ticket.repeat_of = earlier.number
    earlier.repeats += 1
    note(session, ticket, "is_repeat", {"of": earlier.number}, at=at)
    note(session, earlier, "repeated", {"by": ticket.number, "channel": ticket.channel, "times": earlier.repeats}, at=at)


def follow(session: Session, line: History, rule: Repeat, at: datetime, places: Collection[str] = ()) -> None:
    """The words of a message are known, or a person put them right: whether its caller told the same matter before."""
    if line.event not in ("transcribed", "transcript_corrected"):
        return
    ticket = session.get_one(Ticket, line.ticket_id)
    if ticket.repeat_of is None and (earlier := of_caller(session, ticket, rule, places)):
        link(session, ticket, earlier, at)


def goes_on(ticket: Ticket) -> bool:
    return ticket.stage not in CLOSED


def words(ticket: Ticket) -> str:
    return ticket.transcript_corrected or ticket.transcript or ""


def _said(text: str, place: str, names: Collection[str]) -> Said:
    said = taken_apart(text, names)
    return Said((*said.places, place), said.matter, said.houses | taken_apart(place).houses) if place else said
