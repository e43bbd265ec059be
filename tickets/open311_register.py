"""Tickets as Open311 sees them: taken in, found, and shown with the specification's fields and nobody's name.

Whoever asks without a key sees what came in by Open311 itself, for its sender knew that it is public; a key of somebody
who may read tickets shows the other ones too. What is confidential is shown to nobody here, and long numbers in words
are masked for all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tickets import wire
from tickets.case_tables import Note
from tickets.deadlines import Rules
from tickets.intake import CREATED, MANY, Intake, Taken
from tickets.intake_rules import IntakeRefused
from tickets.intake_rules import Report as Message
from tickets.item import first_id
from tickets.models import DRAFT, History, Ticket
from tickets.moves import CLOSED, STAGES
from tickets.open311 import CHANNEL, CLOSED_STATUS, OTHER, Fault, Query, Refused, Report, Service, status
from tickets.open311_tables import Open311Request
from tickets.sight import masked_words
from tickets.store import Store

SLACK = timedelta(minutes=1)  # between the moment in a row's id and its `created_at`
SAID = ("way", "reply")  # notes that tell the citizen something


@dataclass(frozen=True)
class Register:
    """Requests over one register of tickets. Synchronous, as the store is.

    `batch`: whoever hands something in gets a token, and a number once a person has looked at it.
    """

    store: Store
    rules: Callable[[], Rules] = Rules
    services: Callable[[], Sequence[Service]] = tuple
    batch: bool = False

    def known(self) -> dict[str, Service]:
        """Services by their codes; there always is one for what fits nowhere."""
        return {service.code: service for service in self.services()} | {OTHER.code: OTHER}

    def take_in(self, intake: Intake, report: Report, key: str) -> tuple[Taken, Ticket, str]:
        """By the one intake of all channels: what became of it, its ticket, and its token where it is a new one. Raises Refused.

        The same request under one `key` is the same ticket; where only the first half of it was stored, the rest is now.
        """
        try:
            taken = intake.take(_message(report, key))
        except IntakeRefused as no:
            raise Refused(Fault(400, no.detail)) from None
        if taken.ticket is None:
            raise Refused(Fault(429 if taken.outcome == MANY else 400, taken.answer or "there is nothing to do in it"))
        if taken.outcome != CREATED:
            return taken, taken.ticket, ""
        with self.store.database.writes() as session:
            said = session.get(Open311Request, taken.ticket.id) or _kept(session, taken.ticket, report)
            return taken, taken.ticket, said.token

    def by_token(self, token: str) -> tuple[Ticket, Open311Request]:
        """Raises Refused where nobody was given this token."""
        with self.store.database.reads() as session:
            found = session.execute(_joined().where(Open311Request.token == token[:64])).one_or_none()
        if found is None:
            raise Refused(Fault(404, "token was not found"))
        return found[0], found[1]

    def has_number(self, ticket: Ticket) -> bool:
        """Whether it may be told already."""
        return not self.batch or ticket.stage != "pending"

    def request(self, number: str, *, with_key: bool) -> dict[str, Any]:
        """One of them. Raises Refused."""
        found = self.requests(Query(ids=(number,)), with_key=with_key)
        if not found:
            raise Refused(Fault(404, f"service_request_id was not found: {number[:40]}"))
        return found[0]

    def requests(self, query: Query, *, with_key: bool) -> list[dict[str, Any]]:
        """Those that are asked for and may be seen, newest first."""
        wanted = _found_by(query, _joined(outer=with_key)).where(Ticket.confidential.is_(False), Ticket.status != DRAFT)
        if self.batch and not with_key:
            wanted = wanted.where(Ticket.stage != "pending")
        with self.store.database.reads() as session:
            rows = session.execute(wanted).all()
            closed = _closed_at(session, [ticket for ticket, _ in rows])
            words = _told(session, [ticket.id for ticket, _ in rows]) if with_key else {}
        services, rules = self.known(), self.rules()
        return [_shown(ticket, said, services, rules, closed.get(ticket.id), words.get(ticket.id, "")) for ticket, said in rows]


def _message(report: Report, key: str) -> Message:
    """As the intake takes it. What the program says of its user is never their number alone: that was only typed in."""
    named = next((f"{kind}:{name}" for kind, name in (("account", report.account_id), ("device", report.device_id), ("phone", report.phone)) if name), key)
    return Message(
        CHANNEL, key, named[:200], report.description or report.service.name, place=report.address, sender_name=report.name, phone=report.phone,
        email=report.email, type=report.type, category="" if report.service == OTHER else report.service.code, confidential=report.confidential,
        attachments=int(bool(report.media_url)),
    )  # fmt: skip


def _kept(session: Session, ticket: Ticket, report: Report) -> Open311Request:
    said = Open311Request(
        ticket_id=ticket.id, token=secrets.token_urlsafe(32), address=report.address, address_id=report.address_id, lat=report.lat,
        long=report.long, media_url=report.media_url, device_id=report.device_id, account_id=report.account_id,
    )  # fmt: skip
    session.add(said)
    return said


def _joined(outer: bool = False) -> Select[Ticket, Open311Request]:
    return select(Ticket, Open311Request).join(Open311Request, Open311Request.ticket_id == Ticket.id, isouter=outer)


def _found_by(query: Query, wanted: Select[Ticket, Open311Request]) -> Select[Ticket, Open311Request]:
    wanted = wanted.order_by(Ticket.id.desc())
    if query.ids:
        return wanted.where(Ticket.number.in_(query.ids))
    wanted = wanted.where(Ticket.id >= first_id(query.since - SLACK), Ticket.id < first_id(query.until + SLACK))
    wanted = wanted.where(Ticket.created_at >= query.since, Ticket.created_at <= query.until)
    if query.codes:
        wanted = wanted.where(Ticket.category.in_("" if code == OTHER.code else code for code in query.codes))
    if len(query.statuses) == 1:
        closed = Ticket.stage.in_(CLOSED)
        wanted = wanted.where(closed if CLOSED_STATUS in query.statuses else ~closed)
    return wanted.offset(query.offset).limit(query.limit)


def _closed_at(session: Session, tickets: Sequence[Ticket]) -> dict[str, datetime]:
    """When those that are closed were: what came after that (a return visit, a rating) does not count."""
    closed = {ticket.id: ticket.stage_at for ticket in tickets if ticket.stage in CLOSED}
    moved = select(History.ticket_id, History.at, History.detail).where(History.ticket_id.in_(closed), History.event == "moved")
    for ticket_id, at, detail in session.execute(moved.order_by(History.id)):
        if detail["to"] in CLOSED and detail["from"] not in CLOSED:
            closed[ticket_id] = at
    return closed


def _told(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """The last that the citizen was to be told of each."""
    lines = select(Note.ticket_id, Note.text).where(Note.ticket_id.in_(ids), Note.kind.in_(SAID)).order_by(Note.at, Note.id)
    return {ticket_id: text or "" for ticket_id, text in session.execute(lines)}


def _shown(ticket: Ticket, said: Open311Request | None, services: dict[str, Service], rules: Rules, closed: datetime | None, told: str) -> dict[str, Any]:
    """The specification's fields in its order. No name, number or address of a person is among them."""
    service = services.get(ticket.category or OTHER.code, Service(ticket.category, ticket.category))
    organisation = rules.organisations.get(ticket.organisation)
    return {
        "service_request_id": ticket.number,
        "status": status(ticket),
        "status_notes": "：".join(filter(None, (STAGES[ticket.stage], masked_words(told, wire.names(ticket))))),
        "service_name": service.name,
        "service_code": service.code,
        "description": masked_words(ticket.transcript_corrected or ticket.transcript, wire.names(ticket)) or None,
        "agency_responsible": organisation.name if organisation else None,
        "service_notice": None,
        "requested_datetime": wire.moment(ticket.created_at),
        "updated_datetime": wire.moment(closed or max(ticket.updated_at, ticket.created_at)),
        "expected_datetime": wire.moment(ticket.due_at),
        "address": said.address or None if said else None,
        "address_id": said.address_id or None if said else None,
        "zipcode": None,
        "lat": said.lat if said else None,
        "long": said.long if said else None,
        "media_url": said.media_url or None if said else None,
    }
