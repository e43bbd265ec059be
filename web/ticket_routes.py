"""/api/tickets: the register, and the files that belong to a ticket. Routes are synchronous: FastAPI runs them in threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from tickets import wire
from tickets.master import VaultClosed
from tickets.models import Ticket
from tickets.sight import masked
from tickets.store import Store
from tickets.vault import Erased, Vault
from tickets.words import LONGEST_QUERY, NothingToFind
from web import personal
from web.access import May, Reader, needs
from web.problems import Problem
from web.sealed_file import served
from web.views import Stage, TicketPage, TicketWithHistory

LARGEST_PAGE = 200
HISTORY_LINES = 500
NUMBER = r"^[0-9+*#() -]{3,32}$"
NOBODY = "-"
ULID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
# An attachment is never shown inside our own origin, whatever it turns out to be.
ATTACHMENT = {"Content-Security-Policy": "sandbox; default-src 'none'"}
router = APIRouter(prefix="/api/tickets", tags=["tickets"])
Allowed = Annotated[Reader, Depends(needs(May.READ_TICKETS))]
log = structlog.get_logger("web.tickets")


@router.get("", response_model=TicketPage)
def tickets(
    request: Request,
    holder: Allowed,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(pattern=ULID, description="`next` of the page before")] = None,
    status: Literal["draft", "open", "handed_over", "refused"] | None = None,
    channel: Annotated[str | None, Query(max_length=20, pattern="^[a-z0-9-]+$")] = None,
    transcript_state: Literal["pending", "done", "failed", "no_speech", "none"] | None = None,
    type: Annotated[str | None, Query(max_length=32)] = None,
    linkedid: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
    stage: Stage | None = None,
    organisation: Annotated[str | None, Query(max_length=40)] = None,
    category: Annotated[str | None, Query(max_length=40)] = None,
    caller: Annotated[str | None, Query(pattern=NUMBER, description="tickets of this number; needs a reason")] = None,
    q: Annotated[str | None, Query(max_length=LONGEST_QUERY, description="words that all stand in it, such as 停水; numbers of callers are not looked for")] = None,
) -> dict[str, Any]:
    """Newest first. The token of a unit lists what that unit leads."""
    wanted = {"status": status, "channel": channel, "transcript_state": transcript_state, "type": type, "linkedid": linkedid}
    wanted |= {"stage": stage, "organisation": personal.led_by(holder, organisation), "category": category}
    if caller is not None:
        wanted["person"] = _person(request, holder, caller)
    equal = {name: value for name, value in wanted.items() if value is not None}
    store = _store(request)
    try:
        rows = store.tickets(limit + 1, cursor, **equal) if q is None else store.search(q, limit + 1, cursor, **equal)
    except NothingToFind as no:
        raise Problem(422, f"q: {no}") from None
    page = rows[:limit]
    return {"items": personal.tickets(request, holder, page), "next": page[-1].id if len(rows) > limit else None}


@router.get("/{number_or_id}", response_model=TicketWithHistory)
def ticket(request: Request, holder: Allowed, number_or_id: str) -> dict[str, Any]:
    """One ticket and what happened to it."""
    row = personal.find(request, holder, number_or_id)
    history = _store(request).history(ticket_id=row.id, limit=HISTORY_LINES)
    return personal.ticket(request, holder, row) | {"history": [wire.event(line) for line in history]}


@router.get("/{number_or_id}/audio", response_class=StreamingResponse, responses={200: {"content": {"audio/wav": {}}}})
def audio(request: Request, holder: Allowed, number_or_id: str) -> StreamingResponse:
    """The recording (8 kHz WAV)."""
    row = personal.find(request, holder, number_or_id)
    return file_of(request, holder, row, row.audio_path, "audio/wav", "recording")


@router.get("/{number_or_id}/document", response_class=StreamingResponse, responses={200: {"content": {"application/pdf": {}}}})
def document(request: Request, holder: Allowed, number_or_id: str) -> StreamingResponse:
    """The fax as PDF."""
    row = personal.find(request, holder, number_or_id)
    return file_of(request, holder, row, row.document_path, "application/pdf", "document")


@router.get("/{number_or_id}/preview", response_class=StreamingResponse, responses={200: {"content": {"image/png": {}}}})
def preview(request: Request, holder: Allowed, number_or_id: str) -> StreamingResponse:
    """The first page of the fax as PNG."""
    row = personal.find(request, holder, number_or_id)
    return file_of(request, holder, row, row.preview_path, "image/png", "preview")


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _person(request: Request, holder: Reader, number: str) -> str:
    """Whose tickets are looked for, by the blind index: no number is compared. Raises Problem."""
    vault: Vault = request.app.state.vault
    personal.searches(request, holder, masked(number))
    vault.persons.claim()
    return vault.persons.find(number) or NOBODY


def file_of(request: Request, holder: Reader, row: Ticket, relative: str | None, kind: str, what: str, name: str = "") -> StreamingResponse:
    """One of the ticket's files, to be saved as `name` (its number, if none is given). Raises Problem."""
    home: Path = request.app.state.home
    if relative is None:
        raise Problem(404, f"ticket {row.number} has no {what}")
    path = Path(os.path.normpath(home / relative))  # not resolve(): recordings/ may be a link to a larger disk
    if not path.is_relative_to(home):
        raise Problem(404, f"ticket {row.number} has no {what}")
    if not path.is_file():
        raise Problem(404, f"the {what} of ticket {row.number} is not on this machine")
    personal.hears(request, holder, row, what)
    vault: Vault = request.app.state.vault
    try:
        file = vault.open(path)
    except Erased:
        raise Problem(410, f"the {what} of ticket {row.number} was erased") from None
    except VaultClosed as error:
        log.error("the vault is closed", reason=str(error))
        raise Problem(503, "recordings and documents cannot be opened: the hotline's administrator must look (hotline doctor)") from None
    except OSError as error:
        log.error("a stored file cannot be read", ticket=row.number, reason=str(error))
        raise Problem(409, f"the {what} of ticket {row.number} is not what was stored") from None
    return served(request, file, kind, f"{name or row.number}{path.suffix}", ATTACHMENT)
