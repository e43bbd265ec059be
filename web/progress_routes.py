"""How far is my matter: /progress for citizens' browsers, /api/progress for programs of the city, a new PIN for who lost it.

Open to everybody, so it is slow to guess at (tickets/progress.py), says the same to a wrong number and a wrong PIN, and takes
no more than a few hundred bytes. A PIN never stands in an address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from tickets.progress import LOCKED, RESTRICTED, WEB, Asker, Progress, Refused, Standing
from web import personal, progress_page
from web.access import May, Reader, needs
from web.asking import actor
from web.problems import Problem

router = APIRouter(tags=["progress"])
Editors = Annotated[Reader, Depends(needs(May.EDIT_TICKETS))]
MOST_BYTES = 1000  # of a form
HEADERS = {"Content-Security-Policy": progress_page.POLICY}
STATUS = {LOCKED: 429, RESTRICTED: 403}
PAGE: dict[str, Any] = {"content": {"text/html": {}}, "description": "the form with what is wrong"}
FORM = {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {
    "type": "object", "required": ["number", "pin"], "properties": {"number": {"type": "string"}, "pin": {"type": "string"}},
}}}}}  # fmt: skip


class ProgressWanted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: str = Field(max_length=40, examples=["20261122-000001"])
    pin: str = Field(max_length=12, examples=["482915"])


class ProgressView(BaseModel):
    number: str
    stage: str = Field(examples=["handling"])
    stage_name: str = Field(examples=["办理中"])
    received_at: datetime
    due_at: datetime | None = Field(description="until when it is to be handled")


class PinView(BaseModel):
    number: str
    pin: str = Field(description="told once; the one before opens nothing any more")


@router.get("/progress", response_class=HTMLResponse)
def ask() -> HTMLResponse:
    """The form."""
    return HTMLResponse(progress_page.page(), headers=HEADERS)


@router.post("/progress", response_class=HTMLResponse, openapi_extra=FORM, responses={"4XX": PAGE, "5XX": PAGE})
async def answer(request: Request) -> HTMLResponse:
    """The form with what came of it."""
    number, pin = await _typed(request)
    try:
        found = await run_in_threadpool(_check, request, number, pin)
    except SQLAlchemyError:
        return HTMLResponse(progress_page.page(number, away=True), 503, headers=HEADERS | {"Retry-After": "5"})
    return HTMLResponse(progress_page.page(number, found), _status(found), headers=HEADERS | _later(found))


@router.post("/api/progress", response_model=ProgressView)
def progress(request: Request, wanted: ProgressWanted) -> Standing:
    """No token: number and PIN are what is shown. 403: not right, or not to be told here; 429: too many tries."""
    found = _check(request, wanted.number, wanted.pin)
    if isinstance(found, Refused):
        words = progress_page.NO.get(found.why, progress_page.WRONG)[1]
        raise Problem(_status(found), words, _later(found))
    return found


@router.post("/api/tickets/{number_or_id}/pin", response_model=PinView, tags=["tickets"])
def new_pin(request: Request, holder: Editors, number_or_id: str) -> dict[str, Any]:
    """A new PIN for the citizen on the telephone; it stands in no list and no log."""
    desk: Progress = request.app.state.progress
    row = personal.find(request, holder, number_or_id)
    return {"number": row.number, "pin": desk.issue_pin(row.number, str(actor(holder)))}


def _check(request: Request, number: str, pin: str) -> Standing | Refused:
    desk: Progress = request.app.state.progress
    return desk.check(number, pin, Asker(WEB, address_of(request)))


def address_of(request: Request) -> str:
    """Whose tries these are: the client that uvicorn names, which behind a proxy on this machine is the one it forwards for.
    Of IPv6 the network, for each home has 2^64 addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) and address.ipv4_mapped is None else host


async def _typed(request: Request) -> tuple[str, str]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise Problem(413, f"the form has more than {MOST_BYTES} bytes")
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=10)
    except ValueError:
        raise Problem(400, "the form cannot be read") from None
    return fields.get("number", [""])[0], fields.get("pin", [""])[0]


def _status(found: Standing | Refused) -> int:
    return STATUS.get(found.why, 403) if isinstance(found, Refused) else 200


def _later(found: Standing | Refused) -> dict[str, str]:
    if not isinstance(found, Refused) or found.until is None:
        return {}
    return {"Retry-After": str(max(1, round((found.until - datetime.now(UTC)).total_seconds())))}
