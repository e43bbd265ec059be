"""The register of tickets: the one place that writes them, each change with its line of history in one transaction.

All calls are synchronous and thread-safe, and none holds the database while it waits for anyone else. In an event
loop (telephony, web) call them through `asyncio.to_thread`; all of them are safe there. Tickets come back as
detached copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets import models, reservations
from tickets.database import Database
from tickets.findings import emergencies
from tickets.life import become, begin, begin_from_item, known_type, note, now
from tickets.looking import Looking
from tickets.models import Delivery, History, Ticket
from tickets.outbox import Outbox
from tickets.spool import Item, plain
from tickets.tokens import Tokens
from tickets.transcriber import Transcript
from tickets.wanted_jobs import Jobs, JobsLater

ATTEMPTS = 3  # a message that ended its worker so often is set aside for a person


@dataclass(frozen=True)
class Audio:
    """A recording in its final place, below HOTLINE_HOME."""

    path: str
    sha256: str
    seconds: float


@dataclass(frozen=True)
class Document:
    """A fax in its final place; without a path nothing readable arrived and `error` says why."""

    pages: int
    path: str | None = None
    sha256: str | None = None
    preview: str | None = None
    source: str | None = None
    error: str | None = None


class NoSuchTicket(LookupError):
    """Nothing is kept under this number or id."""


class Store(Looking):
    """Tickets, their history, the outbox (`outbox`) and the API's tokens (`tokens`)."""

    def __init__(self, url: str, jobs: Jobs | None = None) -> None:
        self.database = Database(url)
        self.jobs: Jobs = jobs or JobsLater()
        self.tokens = Tokens(self.database)
        self.outbox = Outbox(self.database, self._deliver)

    def migrate(self) -> None:
        """Makes or updates the tables. Each process may do it when it starts."""
        self.database.migrate()

    def close(self) -> None:
        self.database.close()

    # Conversations -------------------------------------------------------------------------------------------------

    def open_draft(
        self, linkedid: str, type: str, path: str, caller: str, called: str, agent: str, *, caller_name: str = "",
        language: str = "", menu_version: str = "", category: str = "", reference: str = "",
    ) -> Ticket:  # fmt: skip
        """An agent answered: their ticket is open before they ask the first question. The same call gets the same ticket.

        A colleague who answers later in that call has a line in its history; the ticket keeps its first agent.
        """
        with self.database.writes() as session:
            found = _draft(session, linkedid) or _conversation(session, linkedid)
            if found is None:
                found = begin(session, models.VOICE, models.DRAFT)
                found.linkedid, found.type, found.path = plain(linkedid), known_type(type), plain(path)
                found.caller, found.caller_name, found.called = plain(caller), plain(caller_name), plain(called)
                found.agent, found.language, found.menu_version = plain(agent), plain(language), plain(menu_version)
                found.category, found.reference = plain(category), plain(reference)
                session.add(found)
                note(session, found, "draft_opened", {"agent": found.agent}, found.agent)
            elif not _has_answered(session, found, plain(agent)):
                note(session, found, "agent_changed", {"from": found.agent, "to": plain(agent)}, plain(agent))
            return found

    def finish_draft(self, linkedid: str, ended_at: datetime | None = None, reason: str = "") -> Ticket | None:
        """The conversation is over: the ticket is handed over. None when there is no open draft of this call."""
        with self.database.writes() as session:
            found = _draft(session, linkedid)
            if found is None:
                return None
            found.ended_at = ended_at or now()
            become(found, models.OPEN)
            note(session, found, "draft_finished", {"reason": reason} if reason else {}, found.agent)
            self.outbox.add(session, found)
            return found

    def note_pass(self, linkedid: str, event: str, where: str, **detail: Any) -> Ticket | None:
        """A line of a conversation's history: `passed_on`, `accepted` or `pass_ended`. None where it has no ticket.

        The same line of the same pass may be told again: it is written once.
        """
        with self.database.writes() as session:
            found = _draft(session, linkedid) or _conversation(session, linkedid)
            detail = {"to": where, **detail}
            if found is not None and not _is_noted(session, found, event, detail):
                note(session, found, event, detail, where)
            return found

    def note_on(self, number_or_id: str, event: str, actor: str, **detail: Any) -> None:
        """A line of a ticket's history, once however often it is told. Nothing where there is no such ticket."""
        with self.database.writes() as session:
            found = session.scalar(select(Ticket).where(or_(Ticket.id == number_or_id, Ticket.number == number_or_id)))
            if found is not None and not _is_noted(session, found, event, detail):
                note(session, found, event, detail, actor)

    def drafts(self) -> Sequence[Ticket]:
        """Conversations thought to be going on; after a restart, finish those whose call is gone."""
        with self.database.reads() as session:
            return session.scalars(select(Ticket).where(Ticket.status == models.DRAFT).order_by(Ticket.id)).all()

    # Messages and faxes --------------------------------------------------------------------------------------------

    def adopt(self, item: Item, audio: Audio | None = None, document: Document | None = None) -> Ticket:
        """The ticket of a spool item whose files are safely stored. The same item always gets the same ticket."""
        with self.database.writes() as session:
            known = session.scalar(select(Ticket).where(Ticket.item == item.item))
            if known is not None:
                return known
            ticket = begin_from_item(session, item, reservations.use(session, plain(item.number)))
            session.add(ticket)
            session.flush()
            reservations.hand_pin(session, ticket)
            _attach(ticket, audio, document)
            detail: dict[str, Any] = {"item": item.item, "truncated": item.truncated, "reason": item.reason}
            if item.number and item.number != ticket.number:
                detail["told"] = plain(item.number)  # another number than it has: a person may be asked for it
            if item.kind == "fax":
                detail |= {"pages": ticket.document_pages, "error": ticket.document_error}
            else:
                detail["seconds"] = ticket.audio_seconds
            note(session, ticket, "fax_received" if item.kind == "fax" else "message_received", detail)
            self._then(session, ticket)
            return ticket

    def by_item(self, item_id: str) -> Ticket | None:
        with self.database.reads() as session:
            return session.scalar(select(Ticket).where(Ticket.item == item_id))

    def begin_transcription(self, ticket_id: str) -> Ticket | None:
        """Counts an attempt before it is made, so that a message that ends its worker is known. None: nothing to do.

        The fourth attempt is not made: the ticket is set aside as failed, and handed over with its audio.
        """
        with self.database.writes() as session:
            ticket = _get(session, ticket_id, lock=True)
            if ticket.transcript_state != models.PENDING:
                return None
            if ticket.transcript_attempts >= ATTEMPTS:
                self._transcribed(session, ticket, models.FAILED, "transcription_set_aside", f"ended {ATTEMPTS} attempts")
                return None
            ticket.transcript_attempts += 1
            return ticket

    def postpone_transcription(self, ticket_id: str) -> None:
        """The attempt that was begun was none: the recogniser was away. The ticket waits for its words."""
        with self.database.writes() as session:
            ticket = _get(session, ticket_id, lock=True)
            if ticket.transcript_state == models.PENDING:
                ticket.transcript_attempts = max(0, ticket.transcript_attempts - 1)

    def record_transcript(self, ticket_id: str, heard: Transcript) -> Ticket:
        """The words are known: stored, and the hand-over enqueued, in one transaction. Only the first result counts."""
        with self.database.writes() as session:
            ticket = _get(session, ticket_id, lock=True)
            if ticket.transcript_state == models.PENDING:
                ticket.transcript, ticket.transcript_raw = heard.text, heard.raw
                ticket.transcript_engine, ticket.transcript_model = heard.engine, heard.model
                ticket.transcript_score, ticket.transcript_score_kind = heard.score, heard.score_kind
                ticket.needs_review, ticket.findings = heard.needs_review, heard.findings or None
                kinds = emergencies(heard.findings)
                if kinds:
                    note(session, ticket, "emergency_words", {"kinds": kinds})
                self._transcribed(session, ticket, models.DONE, "transcribed", None)
            return ticket

    def record_no_speech(self, ticket_id: str, reason: str) -> Ticket:
        """Nobody spoke. The ticket says so and is handed over: silence may be a cry for help."""
        return self._record(ticket_id, models.NO_SPEECH, "no_speech", reason)

    def record_failure(self, ticket_id: str, reason: str) -> Ticket:
        """The words could not be recognised; a person must listen."""
        return self._record(ticket_id, models.FAILED, "transcription_failed", reason)

    def pending_transcripts(self) -> Sequence[str]:
        """Ids of the tickets that still wait for their words, oldest first."""
        with self.database.reads() as session:
            pending = Ticket.transcript_state == models.PENDING
            return session.scalars(select(Ticket.id).where(pending).order_by(Ticket.id)).all()

    # Reading -------------------------------------------------------------------------------------------------------

    def ticket(self, number_or_id: str) -> Ticket:
        """Raises NoSuchTicket."""
        with self.database.reads() as session:
            found = session.scalar(select(Ticket).where(or_(Ticket.id == number_or_id, Ticket.number == number_or_id)))
        if found is None:
            raise NoSuchTicket(number_or_id)
        return found

    # Parts ---------------------------------------------------------------------------------------------------------

    def _record(self, ticket_id: str, state: str, event: str, reason: str) -> Ticket:
        with self.database.writes() as session:
            ticket = _get(session, ticket_id, lock=True)
            if ticket.transcript_state == models.PENDING:
                self._transcribed(session, ticket, state, event, reason)
            return ticket

    def _transcribed(self, session: Session, ticket: Ticket, state: str, event: str, reason: str | None) -> None:
        ticket.transcript_state, ticket.transcript_error = state, reason
        note(session, ticket, event, {"reason": reason} if reason else {})
        self.outbox.add(session, ticket)

    def _then(self, session: Session, ticket: Ticket) -> None:
        """What follows a new ticket: its words are looked for, or there are none and it is handed over."""
        session.flush()
        if ticket.transcript_state == models.PENDING:
            self.jobs.transcribe(session, ticket.id)
        else:
            self.outbox.add(session, ticket)

    def _deliver(self, session: Session, delivery: Delivery, at: datetime | None) -> None:
        self.jobs.deliver(session, delivery, at)


def _get(session: Session, ticket_id: str, lock: bool = False) -> Ticket:
    found = session.get(Ticket, ticket_id, with_for_update=lock or None)
    if found is None:
        raise NoSuchTicket(ticket_id)
    return found


def _draft(session: Session, linkedid: str) -> Ticket | None:
    wanted = select(Ticket).where(Ticket.linkedid == plain(linkedid), Ticket.status == models.DRAFT)
    return session.scalar(wanted.with_for_update())


def _has_answered(session: Session, ticket: Ticket, agent: str) -> bool:
    """Whether the ticket names this agent already: that they answered may be told again."""
    lines = select(History.id).where(History.ticket_id == ticket.id, History.event == "agent_changed", History.actor == agent)
    return agent == ticket.agent or session.scalars(lines).first() is not None


def _is_noted(session: Session, ticket: Ticket, event: str, detail: dict[str, Any]) -> bool:
    lines = select(History.detail).where(History.ticket_id == ticket.id, History.event == event)
    return detail in session.scalars(lines).all()


def _conversation(session: Session, linkedid: str) -> Ticket | None:
    """A conversation's ticket that is a draft no longer: that an agent answered may be told again after its end."""
    wanted = select(Ticket).where(Ticket.linkedid == plain(linkedid), Ticket.channel == models.VOICE).order_by(Ticket.id)
    return session.scalars(wanted).first()


def _attach(ticket: Ticket, audio: Audio | None, document: Document | None) -> None:
    if audio is not None:
        ticket.audio_path, ticket.audio_sha256, ticket.audio_seconds = audio.path, audio.sha256, audio.seconds
    if ticket.channel == models.VOICEMAIL:
        heard = audio is not None and audio.seconds > 0
        ticket.transcript_state = models.PENDING if heard else models.NO_SPEECH
        ticket.transcript_error = None if heard else "nothing was recorded"
    if document is not None:
        ticket.document_path, ticket.document_sha256 = document.path, document.sha256
        ticket.document_pages, ticket.document_error = document.pages, document.error
        ticket.preview_path, ticket.source_path = document.preview, document.source
