"""/api/intake: citizens' words from the systems of other channels; /api/sms: from a carrier's gateway; /api/notices: what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from queues.actor import Refused
from tickets import notice_book, wire
from tickets.attachments import MOST
from tickets.case import Who
from tickets.intake import ASKED, CREATED, MANY, Intake, Taken
from tickets.intake_rules import IntakeRefused, Report
from tickets.moves import STAGES, CaseRefused
from tickets.notice_tables import Notice
from tickets.sms import LARGEST_BODY, Gateway, NotAMessage
from tickets.sms import take as take_sms
from tickets.store import NoSuchTicket, Store
from web.access import May, Reader, needs, refused
from web.asking import actor
from web.problems import Problem

OWN_DOORS = ("sms", "email", "web", "open311")  # these come in by doors of their own, which know that the sender is the sender
STATUS = {CREATED: 201, ASKED: 202, MANY: 429}
ULID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
log = structlog.get_logger("web.intake")
router = APIRouter(prefix="/api", tags=["intake"])
Bringers = Annotated[Reader, Depends(needs(May.BRING_MESSAGES))]
Editors = Annotated[Reader, Depends(needs(May.EDIT_TICKETS))]


@dataclass(frozen=True)
class Doors:
    """What the ways in need beside the register: the keys of PINs, and a carrier's gateway for short messages, if there is one."""

    pin_key: bytes = b""
    sms: Gateway | None = None
    places: tuple[str, ...] = ()
    report_key: bytes = b""


class IntakeBody(BaseModel):
    """One message of one person. `sender` is the channel's own name for the person, the same every time."""

    model_config = ConfigDict(extra="forbid", strict=True)
    channel: str = Field(max_length=20, examples=["wechat"])
    message_id: str = Field(max_length=200, description="the channel's own; the same one again changes nothing")
    sender: str = Field(max_length=200)
    text: str = Field(max_length=20_000)
    place: str = Field("", max_length=200)
    title: str = Field("", max_length=200)
    sender_name: str = Field("", max_length=80)
    phone: str = Field("", max_length=32)
    email: str = Field("", max_length=200)
    type: str = Field("", max_length=32)
    category: str = Field("", max_length=40)
    language: str = Field("", max_length=8)
    confidential: bool = False
    reply_wanted: bool = True
    attachments: int = Field(0, ge=0, le=MOST, description="how many files follow by /api/intake/attachments; a picture may say what the words do not")
    tell_by: str = Field("", max_length=10, description="sms, email, pull, nothing; empty: the channel's usual way")


class TakenView(BaseModel):
    outcome: Literal["created", "repeated", "added", "asked", "progress", "many", "echo"] = Field(description="docs/integrator.md")
    ticket: str | None
    stage: str | None
    stage_name: str | None
    answer: str = Field(description="what to say to the sender; empty: nothing")
    missing: str = Field(description="text, place, name or phone: what the sender was asked for")
    pin: str | None = Field(description="of a new ticket, told this once")
    again: bool = Field(description="this message was taken before")


class NoticeView(BaseModel):
    id: str
    ticket: str | None
    kind: Literal["step", "answer"]
    by: str
    channel: str
    address: str
    text: str
    state: str
    attempts: int
    created_at: datetime
    told_at: datetime | None
    last_error: str | None


class NoticePage(BaseModel):
    items: list[NoticeView]
    next: str | None


class ContactBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    by: Literal["sms", "email", "nothing"]
    address: str = Field("", max_length=200)


def install(app: FastAPI, doors: Doors) -> None:
    """Puts the doors into the application."""
    cases = app.state.cases
    app.state.doors = doors
    app.state.intake = Intake(app.state.store, cases.rules, cases.clock, lambda: doors.places, pin_key=doors.pin_key)
    app.include_router(router)


@router.post("/intake", response_model=TakenView, responses={201: {"model": TakenView}, 202: {"model": TakenView}, 429: {"model": TakenView}})
def intake(request: Request, holder: Bringers, body: IntakeBody) -> JSONResponse:
    """A citizen's words. 201 a new ticket, 202 something is missing and was asked for, 200 anything else that was taken."""
    if body.channel in OWN_DOORS:
        refused(request, holder, f"{body.channel} has a door of its own")
        raise Problem(422, f"{body.channel} has a door of its own: docs/integrator.md")
    try:
        taken = request.app.state.intake.take(Report(**body.model_dump()))
    except IntakeRefused as no:
        refused(request, holder, no.detail)
        raise Refused(422, "Unprocessable Content", no.detail, field=no.field) from None
    log.info("message", channel=body.channel, outcome=taken.outcome, ticket=taken.ticket.number if taken.ticket else None)
    return JSONResponse(shown(taken), 200 if taken.again else STATUS.get(taken.outcome, 200))


@router.post("/sms", response_class=PlainTextResponse, responses={200: {"content": {"text/plain": {}}}})
async def sms(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> PlainTextResponse:
    """For the carrier's gateway: a short message came in. Its secret is shown or signs the body; docs/channels.md."""
    gateway: Gateway | None = request.app.state.doors.sms
    if gateway is None:
        raise Problem(404, "no gateway for short messages is set up")
    body = await _body(request)
    if not gateway.admits(request.headers, token, body):
        log.warning("gateway not admitted")
        raise Problem(401, "the secret or the signature is not the gateway's")
    try:
        incoming = gateway.read(body, request.headers.get("content-type", ""))
        await run_in_threadpool(take_sms, request.app.state.intake, incoming)
    except (NotAMessage, IntakeRefused) as no:
        log.warning("message not taken", channel="sms", reason=str(no))
        raise Problem(422, str(no)) from None
    return PlainTextResponse("OK")


@router.get("/notices", response_model=NoticePage)
def notices(
    request: Request,
    holder: Bringers,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(pattern=ULID)] = "",
    channel: Annotated[str, Query(max_length=20)] = "",
    by: Literal["sms", "email", "pull", ""] = "",
    state: Literal["new", "queued", "sending", "told", "refused", "given_up", "unknown", "no_way", ""] = "",
) -> dict[str, Any]:
    """Oldest first. With `by=pull&state=new&channel=wechat`: what the channel's system has to tell its people now."""
    wanted = {"channel": channel, "by": by, "state": state}
    rows = notice_book.listed(_store(request).database, limit + 1, cursor, {name: value for name, value in wanted.items() if value})
    items = [notice_book.shown(row, number, full=_tells(holder, row)) for row, number in rows[:limit]]
    return {"items": items, "next": rows[limit - 1][0].id if len(rows) > limit else None}


@router.post("/notices/{notice_id}/told", response_model=NoticeView)
def told(request: Request, holder: Bringers, notice_id: Annotated[str, Path(pattern=ULID)]) -> dict[str, Any]:
    """The channel's system has told its person; harmless twice."""
    try:
        row, number = notice_book.mark_told(_store(request).database, notice_id, request.app.state.cases.clock())
    except LookupError:
        raise Problem(404, "no notice with this id waits to be fetched") from None
    return notice_book.shown(row, number, full=_tells(holder, row))


@router.put("/tickets/{number_or_id}/contact", response_model=ContactBody)
def contact(request: Request, holder: Editors, number_or_id: str, body: ContactBody) -> dict[str, Any]:
    """How this citizen wants to be told: by short message, by e-mail, or not at all."""
    try:
        row = notice_book.choose(_store(request).database, number_or_id, body.by, body.address, Who(holder.role, str(actor(holder))), request.app.state.cases.clock())
    except NoSuchTicket:
        raise Problem(404, f"no ticket has the number or id {number_or_id[:40]}") from None
    except CaseRefused as no:
        refused(request, holder, no.detail)
        raise Problem(no.status, no.detail) from None
    return {"by": row.by, "address": wire.masked(row.address)}


def _tells(holder: Reader, row: Notice) -> bool:
    """Whom it is for is said in full to the system that tells them, and to nobody else: staff see that through the ticket."""
    return holder.role == "integration" and row.by == "pull"


def shown(taken: Taken) -> dict[str, Any]:
    """As the sender's system is told."""
    ticket = taken.ticket
    return {
        "outcome": taken.outcome, "ticket": ticket.number if ticket else None, "stage": ticket.stage if ticket else None,
        "stage_name": STAGES[ticket.stage] if ticket else None, "answer": taken.answer, "missing": taken.missing, "pin": taken.pin or None, "again": taken.again,
    }  # fmt: skip


async def _body(request: Request) -> bytes:
    """At most what a message can need; more is not read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"at most {LARGEST_BODY} bytes are taken")
    return body


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
