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

from tickets.intake import Intake, Taken
from tickets.intake_rules import IntakeRefused, Report
from web import report_page
from web.problems import Problem
from web.progress_routes import address_of

MOST_BYTES = 200_000  # 20 000 characters, each as %E4%BD%A0, and the rest
TOKEN_SECONDS = 4 * 3600
SOONEST_SECONDS = 2  # nobody types so fast
MOST_OF_ONE = 10  # an hour, of one address
MOST_OF_ALL = 2000
HOUR = 3600.0
FIELDS = ("token", "type", "text", "place", "name", "phone", "email", "tell", "confidential", "website")
BY_FIELD = {"sender_name": "name", "tell_by": "phone"}
PAGE: dict[str, Any] = {"content": {"text/html": {}}, "description": "the form with what is wrong"}
FORM = {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {
    "type": "object", "required": ["token", "text"], "properties": {name: {"type": "string"} for name in FIELDS},
}}}}}  # fmt: skip
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


@router.post("/report", response_class=HTMLResponse, openapi_extra=FORM, responses={"4XX": PAGE, "5XX": PAGE})
async def take(request: Request) -> HTMLResponse:
    """Number and PIN, or the form with what is wrong."""
    typed = await _typed(request)
    desk: Desk = request.app.state.report
    if not _is_from_here(request):
        raise Problem(403, "this form is sent from its own page only")
    if typed.get("website"):  # only a machine fills in what nobody sees; it learns nothing
        log.info("form filled in by a machine")
        return HTMLResponse(report_page.done("00000000-000000", "", ""), headers=report_page.HEADERS)
    if not desk.is_good(typed.get("token", "")):
        return _form(request, typed, "old", 400)
    if not desk.may_send(address_of(request)):
        return _form(request, typed, "many", 429)
    try:
        taken = await run_in_threadpool(_take, request.app.state.intake, typed)
    except IntakeRefused as no:
        return _form(request, typed, BY_FIELD.get(no.field, no.field) if typed.get("tell") != "email" or no.field != "tell_by" else "email", 422)
    except SQLAlchemyError:
        return _form(request, typed, "away", 503)
    if taken.ticket is None:
        return _form(request, typed, taken.missing or "many", 422 if taken.missing else 429)
    log.info("message", channel="web", outcome=taken.outcome, ticket=taken.ticket.number)
    return HTMLResponse(report_page.done(taken.ticket.number, taken.pin, taken.answer), 201 if not taken.again else 200, headers=report_page.HEADERS)


def _take(intake: Intake, typed: Mapping[str, str]) -> Taken:
    nonce = typed["token"].split(".")[1]
    tell = typed.get("tell", "nothing")
    return intake.take(
        Report(
            "web", nonce, f"web {nonce}", typed.get("text", ""), place=typed.get("place", ""), sender_name=typed.get("name", ""), phone=typed.get("phone", ""),
            email=typed.get("email", ""), type=typed.get("type", ""), confidential=typed.get("confidential") == "yes", reply_wanted=tell != "nothing",
            tell_by=tell if tell in ("sms", "email") else "",
        )
    )  # fmt: skip


def _form(request: Request, typed: Mapping[str, str], wrong: str, status: int) -> HTMLResponse:
    """With a new token each time: the one that was sent may have been used."""
    return HTMLResponse(report_page.form(request.app.state.report.token(), typed, wrong), status, headers=report_page.HEADERS)


def _is_from_here(request: Request) -> bool:
    """What the browser says of where it comes from (Fetch Metadata, Origin); one that says nothing is believed, it has the token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == request.headers.get("host", "")


async def _typed(request: Request) -> dict[str, str]:
    """The form's fields. Raises Problem."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Problem(415, "a form is taken here: application/x-www-form-urlencoded")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise Problem(413, f"at most {MOST_BYTES} bytes are taken")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=40)
    except ValueError:  # UnicodeDecodeError is one
        raise Problem(400, "the form cannot be read") from None
    return {name: values[0] for name, values in fields.items() if name in FIELDS}
