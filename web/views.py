"""What the API's answers look like; /openapi.json is made of these. A ticket's fields are tickets/wire.py's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

Stage = Literal[
    "pending", "not_accepted", "answered_at_once", "to_dispatch", "dispatched", "returned", "handling", "extended", "replied", "supervised", "completed",
    "to_revisit", "rated", "filed",
]  # fmt: skip


class AudioView(BaseModel):
    url: str
    seconds: float
    sha256: str


class DocumentView(BaseModel):
    url: str | None = Field(description="PDF of all pages that arrived")
    preview_url: str | None = Field(description="PNG of the first page")
    pages: int
    sha256: str | None
    error: str | None = Field(description="what went wrong with the fax, if anything")


class TicketView(BaseModel):
    id: str
    number: str = Field(examples=["20261122-000001"])
    channel: str = Field(description="a code of channels.yaml", examples=["voice", "voicemail", "fax", "sms"])
    type: str = Field(examples=["complaint"])
    type_name: str = Field(examples=["投诉"])
    path: str = Field(examples=["12345-1-1"])
    status: Literal["draft", "open", "handed_over", "refused"]
    caller: str = Field(description="masked unless the token's role may see it and a reason is stated; docs/privacy.md")
    caller_name: str
    called: str
    agent: str
    linkedid: str
    language: str
    menu_version: str
    reason: str
    category: str = Field(description="preset by the department's number that was dialled", examples=["tax"])
    reference: str = Field(description="another centre's ticket, as it said when it passed the call on; not verified")
    began_at: datetime
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    truncated: bool = Field(description="the recording was cut off by a crash")
    transcript_state: Literal["pending", "done", "failed", "no_speech", "none"]
    transcript: str | None
    transcript_engine: str | None
    transcript_model: str | None
    transcript_score: float | None = Field(description="only comparable within one transcript_score_kind")
    transcript_score_kind: str | None
    transcript_error: str | None
    transcript_raw: str | None = Field(description="the engine's own words; null for who may not see callers' numbers")
    needs_review: bool = Field(description="something speaks against the words: a person should listen")
    findings: dict[str, Any] | None = Field(description="changes to the raw words, fields, reasons to look; docs/speech.md")
    audio: AudioView | None
    document: DocumentView | None
    transcript_corrected: str | None = Field(description="what a person heard; `transcript` stays the machine's")
    stage: Stage = Field(description="where the matter is; docs/tickets.md")
    stage_name: str = Field(examples=["待受理"])
    stage_at: datetime
    urgency: Literal["ordinary", "expedited", "urgent"]
    organisation: str = Field(description="code of the one that leads; organisations.yaml")
    helpers: list[str]
    level: int | None
    returns: int
    final: bool = Field(description="assigned after a return: there is no second one")
    extensions: int
    reopened: int
    rating: str
    confidential: bool = Field(description="on request: only supervisors see who it was, nobody it is sent to")
    reply_wanted: bool
    accused: str = Field(description="code of the organisation it is about; it never sees who complained")
    accepted_at: datetime | None
    dispatched_at: datetime | None
    replied_at: datetime | None
    completed_at: datetime | None
    due_at: datetime | None = Field(description="until when the next thing must be done")
    title: str
    place: str = Field(description="where it is, as the citizen said")
    repeats: int = Field(description="how often its caller told it again")
    repeat_of: str | None = Field(description="number of the same caller's earlier ticket of the same matter")


class ImportRowView(BaseModel):
    row: int = Field(description="of the file, counted from 1")
    number: str = Field(description="办件编号")
    outcome: Literal["created", "changed", "unchanged", "refused"]
    ticket: str = Field(description="its number here")
    why: str
    changes: dict[str, str]


class ImportView(BaseModel):
    applied: bool
    created: int
    changed: int
    unchanged: int
    refused: int
    rows: list[ImportRowView]


class NoteView(BaseModel):
    id: str
    kind: Literal["reason", "way", "reply", "note", "transcript"]
    text: str | None = Field(description="null where it was erased")
    actor: str
    at: datetime


class NotePage(BaseModel):
    items: list[NoteView]
    next: str | None


class MoveView(BaseModel):
    move: str
    label: str = Field(examples=["派单"])
    to: Stage
    wants: list[str] = Field(description="what must be said with it")


class MovePage(BaseModel):
    items: list[MoveView]
    next: str | None


class EventView(BaseModel):
    id: int
    ticket: str
    at: datetime
    event: str
    actor: str
    detail: dict[str, Any]


class TicketWithHistory(TicketView):
    history: list[EventView]


class TicketPage(BaseModel):
    items: list[TicketView]
    next: str | None = Field(description="the cursor of the next page")


class DeliveryView(BaseModel):
    id: str
    ticket: str | None = Field(description="the ticket's id; null: a call's")
    event: str = Field(examples=["ticket"])
    about: str = Field(description="the ticket's number or the call's linkedid")
    sequence: int
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


class DeliveryPage(BaseModel):
    items: list[DeliveryView]
    next: str | None


class FloorPage(BaseModel):
    """Calls, agents or queues as the telephony process last wrote them down."""

    items: list[dict[str, Any]]
    next: str | None
    written_at: datetime | None
    stale: bool = Field(description="nobody is looking, or there is no link to Asterisk")


class SegmentView(BaseModel):
    kind: Literal["menu", "queue", "talk", "voicemail", "fax", "transfer"]
    began_at: datetime
    ended_at: datetime | None
    queue: str
    agent: str
    phone: str
    how: str = Field(description="how it ended: docs/figures.md")
    hold_seconds: float
    wrapup_seconds: float
    detail: str


class RecordView(BaseModel):
    """One call, put together from what Asterisk wrote to disk."""

    linkedid: str
    kind: Literal["inbound", "outbound", "callback", "internal", "placeholder"]
    caller: str = Field(description="masked unless the token's role may see it and a reason is stated; docs/privacy.md")
    called: str
    began_at: datetime
    answered_at: datetime | None = Field(description="the line was picked up, by the menu or a person")
    ended_at: datetime | None
    ended_by: str = Field(description="caller, agent, hotline, asterisk")
    cause: int = Field(description="Q.850")
    path: str
    type: str
    outcome: str
    seconds: float | None
    waited_seconds: float
    joined: list[str] = Field(description="calls that became part of this one")
    segments: list[SegmentView]


class RecordingView(BaseModel):
    url: str
    seconds: float
    sha256: str
    truncated: bool = Field(description="it ends before the conversation did: Asterisk was killed, or the disk was full")
    keep_until: datetime


class RecordWithRecordings(RecordView):
    recordings: list[RecordingView]


class RecordPage(BaseModel):
    items: list[RecordView]
    next: str | None


class FiguresPage(BaseModel):
    """Rows of figures; what each is: docs/figures.md."""

    items: list[dict[str, Any]]
    next: str | None
    by: str
    level_seconds: float


class HealthView(BaseModel):
    status: Literal["ok", "unavailable"]
    reasons: list[str] = Field(description="why calls cannot be taken")
    warnings: list[str] = Field(description="what needs a person, though calls are taken")
