"""The tables: tickets, their append-only history, the outbox of hand-overs, tokens, and what the jobs need.

The same on SQLite and PostgreSQL. Rows handed out by the store are detached copies: read them, do not change them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DRAFT, OPEN, HANDED_OVER, REFUSED = "draft", "open", "handed_over", "refused"
STATUS_CHANGES = {  # what may follow what; a replayed hand-over may find its ticket taken already
    DRAFT: {OPEN},
    OPEN: {HANDED_OVER, REFUSED},
    REFUSED: {HANDED_OVER, REFUSED},
    HANDED_OVER: {HANDED_OVER},
}

VOICE, VOICEMAIL, FAX = "voice", "voicemail", "fax"
TYPES = {  # GB/T 33358 and the city's forms; "" is a call whose menu path says nothing of the kind
    "consultation": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
}

ORDINARY = "ordinary"
URGENCIES = {ORDINARY: "普通", "expedited": "加急", "urgent": "紧急"}

EVENTS = {  # what a line of history can say
    "draft_opened": "an agent answered",
    "agent_changed": "a colleague answered later in the same call; the ticket keeps its first agent",
    "draft_finished": "the conversation is over",
    "passed_on": "the call was passed to a sub-centre or department",
    "accepted": "the sub-centre or department answered",
    "pass_ended": "how it ended there: answered, busy, no_answer, caller_left, cancelled, failed",
    "message_received": "a message became a ticket",
    "fax_received": "a fax became a ticket, or its failure did",
    "imported": "a file of another system brought it here: under which number it is known there, and its stage",
    "transcribed": "the words of a message are known",
    "emergency_words": "words of an emergency are among them; a person must look now",
    "no_speech": "nobody spoke",
    "transcription_failed": "the words could not be recognised",
    "transcription_set_aside": "the message ended its recogniser three times; a person must listen",
    "transferred": "the caller was passed on: to a colleague, a queue, an outside number",
    "called_out": "an agent called the caller back, or a department on the list of transfers",
    "rated": "the caller pressed a key for how it was: 1 satisfied, 2 mostly, 3 not",
    "handed_over": "the case system has it",
    "hand_over_refused": "the case system refused it; a person must look",
    "hand_over_given_up": "the case system was silent for days; a person must look",
    "hand_over_replayed": "a person sent it again",
    "moved": "a move of its life: which, from where to where, who made it",
    "assigned": "another organisation leads, or others help",
    "edited": "urgency, category or a wish was put right; what it was before is in the line",
    "transcript_corrected": "a person wrote down what was really said; the first text stays",
    "note_added": "somebody wrote something down",
    "handler_named": "the case system says who is on it there",
    "revisit_message": "the citizen said something at the return visit: which visit, how long",
    "pin_issued": "the citizen was given a PIN for asking how far it is; the one before ended",
    "deadline_near": "a deadline is near",
    "deadline_missed": "a deadline has passed",
    "erased": "parts of it are gone, for their time was over or its citizen asked: which, and the checksums of files",
    "received": "a citizen's words came in by another channel than the telephone",
    "repeated": "the same sender told the same matter again; it is counted here",
    "words_added": "the sender added something",
    "attached": "a file came with the words",
    "is_repeat": "the same caller told the same matter before: which ticket that is",
    "contact_changed": "the citizen is told by another way, or not at all",
    "told": "the citizen was told of a step",
    "not_told": "the citizen could not be told; the notice says why",
}

FILTERED = ("status", "channel", "type", "stage", "organisation", "category", "transcript_state")  # lists, each newest first
UNCLAIMED = "person IS NULL AND caller <> ''"  # whose it is nobody has looked at yet
UNWATCHED = "unwatched"  # a ticket's `due_told`: it was made before there were deadlines
PENDING, DONE, FAILED, NO_SPEECH, NONE = "pending", "done", "failed", "no_speech", "none"
WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


class UTCDateTime(TypeDecorator[datetime]):
    """Times with a zone in, UTC in the database, UTC out: SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value}: a time without a zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"})
    type_annotation_map = {
        str: Text,
        bool: Boolean,
        float: Float,
        datetime: UTCDateTime,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Ticket(Base):
    """One matter of one caller (工单)."""

    __tablename__ = "tickets"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    channel: Mapped[str]
    type: Mapped[str]
    path: Mapped[str]
    status: Mapped[str]
    caller: Mapped[str]
    caller_name: Mapped[str]
    called: Mapped[str]
    agent: Mapped[str]
    linkedid: Mapped[str] = mapped_column(index=True)
    item: Mapped[str | None] = mapped_column(unique=True)  # of the spool; none for a conversation
    language: Mapped[str]
    menu_version: Mapped[str]
    reason: Mapped[str]
    category: Mapped[str]  # preset by the department's number that was dialled
    reference: Mapped[str]  # another centre's ticket, as it said; never a key
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    truncated: Mapped[bool]
    audio_path: Mapped[str | None]  # relative to HOTLINE_HOME, as all paths here
    audio_sha256: Mapped[str | None]
    audio_seconds: Mapped[float | None]
    document_path: Mapped[str | None]
    document_sha256: Mapped[str | None]
    document_pages: Mapped[int | None]
    document_error: Mapped[str | None]
    preview_path: Mapped[str | None]
    source_path: Mapped[str | None]  # the fax as it arrived
    transcript_state: Mapped[str]
    transcript: Mapped[str | None]
    transcript_raw: Mapped[str | None]
    transcript_engine: Mapped[str | None]
    transcript_model: Mapped[str | None]
    transcript_score: Mapped[float | None]
    transcript_score_kind: Mapped[str | None]
    transcript_error: Mapped[str | None]
    transcript_attempts: Mapped[int]
    needs_review: Mapped[bool]  # something speaks against the words; findings["reasons"] says what
    findings: Mapped[dict[str, Any] | None]  # speech's: changes to the raw words, fields, reasons
    transcript_corrected: Mapped[str | None]  # by a person; the machine's stays in `transcript`
    stage: Mapped[str]  # of its life, tickets/moves.py; `status` is about the hand-over
    stage_at: Mapped[datetime]
    urgency: Mapped[str]
    organisation: Mapped[str]  # code of the one that leads; "" where none has it
    helpers: Mapped[list[str]]
    level: Mapped[int | None]  # of the leading organisation, 1 to 3
    returns: Mapped[int]
    final: Mapped[bool]  # assigned after a return: no second one
    extensions: Mapped[int]
    reopened: Mapped[int]
    rating: Mapped[str]
    confidential: Mapped[bool]
    reply_wanted: Mapped[bool]
    accepted_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)  # of what must be done next
    warn_at: Mapped[datetime | None]
    due_told: Mapped[str]  # "", "near", "missed", or UNWATCHED
    title: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")  # where it is, as the citizen said
    repeats: Mapped[int] = mapped_column(default=0)  # how often its caller told it again
    repeat_of: Mapped[str | None] = mapped_column(default=None)  # number of the same caller's earlier ticket
    accused: Mapped[str] = mapped_column(default="")  # code of the organisation it is about; it never sees who complained
    person: Mapped[str | None] = mapped_column(String(26))  # whose it is, tickets/persons.py; none: not looked at yet, or nobody's
    __table_args__ = (
        *(Index(f"ix_tickets_{name}", name, "id") for name in (*FILTERED, "person")),
        Index("ix_tickets_caller_created_at", "caller", "created_at"),
        Index("ix_tickets_unclaimed", "id", sqlite_where=text(UNCLAIMED), postgresql_where=text(UNCLAIMED)),
    )


class History(Base):
    """What happened to a ticket, in order; the database itself refuses to change or delete a line."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[str]
    detail: Mapped[dict[str, Any]]  # no personal data: what people said is in notes
    hash: Mapped[str] = mapped_column(String(64))  # over the line before and this one: tickets/chain.py
    __table_args__ = (Index("ix_history_event", "event", "at"), {"sqlite_autoincrement": True})


class Delivery(Base):
    """One event on its way to the case system; its body is kept so that every attempt under one key sends the same bytes."""

    __tablename__ = "deliveries"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)  # none: a call's
    event: Mapped[str]
    about: Mapped[str]  # the ticket's number or the call's linkedid: those about the same go in the order of `sequence`
    sequence: Mapped[int]
    day: Mapped[str]  # YYYY-MM-DD in the city
    body_sha256: Mapped[str]
    reference: Mapped[str]  # what the case system called it
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    give_up_from: Mapped[datetime]  # the days until it is given up count from here; a replay moves it
    next_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    __table_args__ = (
        Index("ix_deliveries_state", "state", "next_attempt_at"),
        Index("ix_deliveries_about", "about", "sequence", unique=True),
        Index("ix_deliveries_day", "day", "about"),
    )


class Token(Base):
    """A bearer token of the API; only the hash of its secret is kept."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    agent: Mapped[str]  # the login of the agent who holds it; "" where it is nobody's in particular
    organisation: Mapped[str] = mapped_column(default="")  # code of the unit that holds it: it sees its own tickets only
    name: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Counter(Base):
    """The last ticket number given out on a day (Asia/Shanghai)."""

    __tablename__ = "counters"
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class Lease(Base):
    """A worker that says it is alive; one that stops saying so has its jobs taken over."""

    __tablename__ = "leases"
    executor: Mapped[str] = mapped_column(primary_key=True)
    renewed_at: Mapped[datetime]
