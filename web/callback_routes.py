"""POST /api/callbacks/case: the case system's signed word on a ticket. No token: the signature says who it is. Each is a line of the audit."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from queues import audit
from queues.actor import INTEGRATION, Actor, Refused
from queues.audit import DONE, REFUSED, Line
from tickets import callbacks
from tickets.callbacks import Callback, Callbacks
from tickets.moves import STAGES, CaseRefused
from tickets.notes import LONGEST
from tickets.store import NoSuchTicket
from web.access import log
from web.problems import Problem

router = APIRouter(prefix="/api/callbacks", tags=["hand-over"])
LARGEST_BODY = 64 * 1024
STRANGERS_A_MINUTE = 60  # refusals of strangers that get a line of the audit; anybody can make more
CASE_SYSTEM = Actor(INTEGRATION, name="case system")
Code = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=LONGEST)]


class CallbackBody(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: str = Field(min_length=1, max_length=100, description="yours, unique: the same id with the same words is carried out once")
    ticket: str = Field(min_length=1, max_length=32, examples=["20261122-000001"])
    status: Code = Field("", description=" | ".join(callbacks.STATUSES))
    reply: Text = Field("", description="with the status replied: what the citizen is told")
    reason: Text = Field("", description="with the status returned: why it is not yours")
    organisation: Code = Field("", description="code of who leads, as in organisations.yaml")
    handler: str = Field("", max_length=callbacks.LONGEST_HANDLER, description="who is on it, in your own words")


class CallbackView(BaseModel):
    ticket: str
    stage: str
    stage_name: str
    organisation: str


SCHEMA: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": CallbackBody.model_json_schema()}}},
    "parameters": [
        {"name": "X-Hotline-Timestamp", "in": "header", "required": True, "schema": {"type": "string"}, "description": "Unix seconds"},
        {"name": "X-Hotline-Signature", "in": "header", "required": True, "schema": {"type": "string"}, "description": "sha256=HEX over timestamp, a full stop, the body"},
    ],
}  # fmt: skip


@router.post("/case", response_model=CallbackView, openapi_extra=SCHEMA)
async def case(request: Request) -> dict[str, Any]:
    """Status, reply and handler of a ticket, from the case system. 401: wrong or expired signature; 409: a replay, or not from where it
    stands (`allowed`)."""
    return await run_in_threadpool(_carried_out, request, await _body(request))


async def _body(request: Request) -> bytes:
    """The exact bytes, no more than are worth reading."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"a callback has at most {LARGEST_BODY} bytes")
    return body


def _carried_out(request: Request, body: bytes) -> dict[str, Any]:
    key = request.app.state.callback_key()
    if key is None:
        raise Problem(503, "there is no key for callbacks: hotline doctor says why")
    claimed = request.headers.get("x-hotline-signature", "")
    try:
        callbacks.check(key, request.headers.get("x-hotline-timestamp", ""), claimed, body, datetime.now(UTC))
    except CaseRefused as no:
        if _counts():
            _audit(request, "", REFUSED, no.detail)
        raise Problem(401, no.detail, {"WWW-Authenticate": "X-Hotline-Signature"}) from None
    return _from_them(request, claimed, body)


def _from_them(request: Request, claimed: str, body: bytes) -> dict[str, Any]:
    """It is really from the case system; what it says may still be refused."""
    doing, target = Callbacks(request.app.state.cases), ""
    try:
        doing.first_time(claimed)
        said = CallbackBody.model_validate_json(body)
        target = said.ticket
        ticket = doing.carry_out(Callback(**said.model_dump()))
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        _audit(request, target, REFUSED, why)
        raise Problem(422, why) from None
    except NoSuchTicket:
        _audit(request, target, REFUSED, "no such ticket")
        raise Problem(404, f"no ticket has the number or id {target[:40]}") from None
    except CaseRefused as no:
        _audit(request, target, REFUSED, no.detail)
        raise Refused(no.status, HTTPStatus(no.status).phrase, no.detail, allowed=list(no.allowed)) from None
    _audit(request, target, DONE, f"id {said.id}")
    return {"ticket": ticket.number, "stage": ticket.stage, "stage_name": STAGES[ticket.stage], "organisation": ticket.organisation}


def _audit(request: Request, target: str, outcome: str, why: str) -> None:
    line = Line(CASE_SYSTEM, "POST /api/callbacks/case", target, outcome, why)
    try:
        audit.write(request.app.state.store.database, line)
    except SQLAlchemyError as error:
        log.error("audit line not in the database", actor=str(line.by), action=line.action, target=target, reason=type(error).__name__)


_minute, _strangers, _one = 0, 0, threading.Lock()


def _counts() -> bool:
    """Whether this refusal of somebody unknown is still one of the first of its minute."""
    global _minute, _strangers
    with _one:
        now = int(time.monotonic() // 60)
        _minute, _strangers = now, (_strangers + 1 if now == _minute else 1)
        return _strangers <= STRANGERS_A_MINUTE
