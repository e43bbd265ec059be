"""/report: the city's web form for everybody, with or without a script in the browser.

A page that was not asked for here cannot be sent from elsewhere: its token is ours, new for each page, and the browser must
not say that another site sends it. A token sent twice is one matter. Who sends too many is told to call.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError

from tickets.attachments import AttachmentRefused, Attachments, ending
from tickets.intake import Intake, Taken
from tickets.intake_rules import IntakeRefused, Report
from tickets.models import Ticket
from web import report_page
from web.problems import Problem
from web.progress_routes import address_of
from web.uploads import NO_LIMIT, Form, Uploads, multipart, whole

MOST_BYTES = 200_000  # 20 000 characters, each as %E4%BD%A0, and the rest
MOST_WITH_FILES = 40_000_000  # of all files together
MOST_FILES = 5
WITH_FILES = "multipart/form-data"
TOKEN_SECONDS = 4 * 3600
SOONEST_SECONDS = 2  # nobody types so fast
MOST_OF_ONE = 10  # an hour, of one address
MOST_OF_ALL = 2000
HOUR = 3600.0
FIELDS = ("token", "type", "text", "place", "name", "phone", "email", "tell", "confidential", "website")
BY_FIELD = {"sender_name": "name", "tell_by": "phone"}
BY_STATUS = {413: "files", 408: "away", 503: "away"}
PAGE: dict[str, Any] = {"content": {"text/html": {}}, "description": "the form with what is wrong"}
TYPED = {name: {"type": "string"} for name in FIELDS}
FILES = {"files": {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MOST_FILES}}
FORM = {"requestBody": {"required": True, "content": {
    "multipart/form-data": {"schema": {"type": "object", "required": ["token", "text"], "properties": TYPED | FILES}},
    "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["token", "text"], "properties": TYPED}},
}}}  # fmt: skip
log = structlog.get_logger("web.report")
router = APIRouter(tags=["report"])


@dataclass
class Desk:
    """Hands out tokens, and counts who sends. Counts are this process's own: a restart forgives."""

    key: bytes
    clock: Any = time.time
    soonest: float = SOONEST_SECONDS
    _sent: dict[str, list[float]] = field(default_factory=dict)
    _one: Lock = field(default_factory=Lock)

    def token(self) -> str:
        plain = f"{int(self.clock())}.{secrets.token_hex(12)}"
        return f"{plain}.{self._seal(plain)}"

    def is_good(self, token: str) -> bool:
        """Ours, not too old, and not sent faster than a person can."""
        plain, _, seal = token.rpartition(".")
        made = plain.partition(".")[0]
        if not hmac.compare_digest(seal.encode(), self._seal(plain).encode()) or not made.isdigit():
            return False
        return self.soonest <= self.clock() - int(made) <= TOKEN_SECONDS

    def may_send(self, address: str) -> bool:
        """Counts one more, and says whether it may be."""
        now = self.clock()
        with self._one:
            self._sent = {who: kept for who, times in self._sent.items() if (kept := [at for at in times if now - at < HOUR])}
            if len(self._sent.get(address, ())) >= MOST_OF_ONE or sum(map(len, self._sent.values())) >= MOST_OF_ALL:
                return False
            self._sent.setdefault(address, []).append(now)
            return True

    def _seal(self, plain: str) -> str:
        return hmac.new(self.key, plain.encode(), "sha256").hexdigest()[:32]


def install(app: FastAPI, key: bytes) -> None:
    """Without a key the tokens are this process's own."""
    app.state.report = Desk(key or secrets.token_bytes(32))
    app.include_router(router)


@router.get("/report", response_class=HTMLResponse)
def ask(request: Request) -> HTMLResponse:
    """The form."""
    return _form(request, {}, "", 200)


@router.post("/report", response_class=HTMLResponse, openapi_extra=FORM, responses={"4XX": PAGE, "5XX": PAGE}, max_body_size=NO_LIMIT)
async def take(request: Request) -> HTMLResponse:
    """Number and PIN, or the form with what is wrong."""
    if not _is_from_here(request):
        raise Problem(403, "this form is sent from its own page only")
    try:
        sent = await _sent(request)
    except Problem as no:
        if no.status not in BY_STATUS or _kind(request) != WITH_FILES:
            raise
        return _form(request, {}, BY_STATUS[no.status], no.status, headers=no.headers)
    typed, desk = sent.fields, request.app.state.report
    if typed.get("website"):  # only a machine fills in what nobody sees; it learns nothing
        log.info("form filled in by a machine")
        return HTMLResponse(report_page.done("00000000-000000", "", ""), headers=report_page.HEADERS)
    if not desk.is_good(typed.get("token", "")):
        return _form(request, typed, "old", 400)
    if not desk.may_send(address_of(request)):
        return _form(request, typed, "many", 429)
    try:
        return await run_in_threadpool(_answer, request, sent)
    except IntakeRefused as no:
        return _form(request, typed, BY_FIELD.get(no.field, no.field) if typed.get("tell") != "email" or no.field != "tell_by" else "email", 422)
    except AttachmentRefused as no:
        return _form(request, typed, "files", no.status)
    except SQLAlchemyError:
        return _form(request, typed, "away", 503)


def _answer(request: Request, sent: Form) -> HTMLResponse:
    """The files are looked at before anything is taken. Raises IntakeRefused, AttachmentRefused and SQLAlchemyError."""
    for file in sent.files:
        ending(file.name, file.content)
    taken = _take(request.app.state.intake, sent)
    ticket = taken.ticket
    if ticket is None:
        return _form(request, sent.fields, taken.missing or "many", 422 if taken.missing else 429)
    log.info("message", channel="web", outcome=taken.outcome, ticket=ticket.number, files=len(sent.files))
    kept = _kept(request, ticket, sent)
    page = report_page.done(ticket.number, taken.pin, taken.answer, len(sent.files), kept)
    return HTMLResponse(page, 200 if taken.again else 201, headers=report_page.HEADERS)


def _kept(request: Request, ticket: Ticket, sent: Form) -> int:
    """How many of the files are kept. The matter stands without them, so its number is told whatever becomes of them."""
    attachments, count = Attachments(request.app.state.store.database, request.app.state.vault), 0
    for number, file in enumerate(sent.files, 1):
        try:
            attachments.keep(ticket, f"web {_nonce(sent.fields)} {number}", file, request.app.state.cases.clock())
            count += 1
        except (AttachmentRefused, OSError, SQLAlchemyError) as error:
            log.error("a file cannot be kept", ticket=ticket.number, reason=str(error))
    return count


def _nonce(typed: Mapping[str, str]) -> str:
    return typed["token"].split(".")[1]


def _take(intake: Intake, sent: Form) -> Taken:
    typed, nonce = sent.fields, _nonce(sent.fields)
    tell = typed.get("tell", "nothing")
    return intake.take(
        Report(
            "web", nonce, f"web {nonce}", typed.get("text", ""), place=typed.get("place", ""), sender_name=typed.get("name", ""), phone=typed.get("phone", ""),
            email=typed.get("email", ""), type=typed.get("type", ""), confidential=typed.get("confidential") == "yes", reply_wanted=tell != "nothing",
            tell_by=tell if tell in ("sms", "email") else "", attachments=len(sent.files),
        )
    )  # fmt: skip


def _form(request: Request, typed: Mapping[str, str], wrong: str, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """With a new token each time: the one that was sent may have been used."""
    page = report_page.form(request.app.state.report.token(), typed, wrong)
    return HTMLResponse(page, status, headers={**report_page.HEADERS, **(headers or {})})


def _is_from_here(request: Request) -> bool:
    """What the browser says of where it comes from (Fetch Metadata, Origin); one that says nothing is believed, it has the token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == request.headers.get("host", "")


async def _sent(request: Request) -> Form:
    """What was typed and chosen. Raises Problem."""
    if (kind := _kind(request)) == WITH_FILES:
        uploads: Uploads = request.app.state.uploads
        async with uploads.one():
            sent = await multipart(request, MOST_WITH_FILES, MOST_FILES, MOST_BYTES)
    elif kind == "application/x-www-form-urlencoded":
        sent = Form(_fields(await whole(request, MOST_BYTES)))
    else:
        raise Problem(415, "a form is taken here: multipart/form-data or application/x-www-form-urlencoded")
    return Form({name: value for name, value in sent.fields.items() if name in FIELDS}, sent.files)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=40)
    except ValueError:  # UnicodeDecodeError is one
        raise Problem(400, "the form cannot be read") from None
    return {name: values[0] for name, values in fields.items()}
