"""/api/surges: many callers with one matter at one place; /api/tickets/…/attachments: the files that citizens sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from tickets import surges, wire
from tickets.attachment_tables import Attachment
from tickets.attachments import Attachments
from tickets.models import Ticket
from tickets.store import Store
from web import personal
from web.access import May, Reader, needs
from web.problems import Problem
from web.ticket_routes import file_of

ULID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
router = APIRouter(prefix="/api", tags=["intake"])
Allowed = Annotated[Reader, Depends(needs(May.READ_TICKETS))]
Floor = Annotated[Reader, Depends(needs(May.READ_FLOOR))]


class SurgeView(BaseModel):
    id: str
    place: str
    words: str = Field(description="what the first of them said, places and courtesies left out")
    callers: int
    tickets: list[str]
    began_at: datetime
    last_at: datetime
    ended_at: datetime | None


class SurgePage(BaseModel):
    items: list[SurgeView]
    next: str | None


class AttachmentView(BaseModel):
    id: str
    name: str
    kind: str = Field(description="by its content")
    bytes: int
    sha256: str
    at: datetime
    url: str


class AttachmentPage(BaseModel):
    items: list[AttachmentView]
    next: str | None


@router.get("/surges", response_model=SurgePage)
def list_surges(
    request: Request,
    holder: Floor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(pattern=ULID)] = "",
    all: bool = False,
) -> dict[str, Any]:
    """Newest first: those that go on, or with `all=true` those that are over too."""
    rows = surges.listed(_store(request).database, limit + 1, cursor, all_=all)
    return {"items": [surges.shown(row) for row in rows[:limit]], "next": rows[limit - 1].id if len(rows) > limit else None}


@router.get("/tickets/{number_or_id}/attachments", response_model=AttachmentPage)
def attachments(request: Request, holder: Allowed, number_or_id: str) -> dict[str, Any]:
    """What was sent with the words."""
    row = personal.find(request, holder, number_or_id)
    return {"items": [_shown(holder, row, one) for one in _kept(request).of_ticket(row.id)], "next": None}


@router.get("/tickets/{number_or_id}/attachments/{attachment_id}", response_class=StreamingResponse)
def attachment(request: Request, holder: Allowed, number_or_id: str, attachment_id: Annotated[str, InPath(pattern=ULID)]) -> StreamingResponse:
    """One file, to be saved: never shown as a page of ours."""
    row = personal.find(request, holder, number_or_id)
    one = next((kept for kept in _kept(request).of_ticket(row.id) if kept.id == attachment_id), None)
    if one is None:
        raise Problem(404, f"ticket {row.number} has no such file")
    return file_of(request, holder, row, one.path, one.kind, "attachment", f"{row.number}-{one.id[-6:]}")


def _shown(holder: Reader, row: Ticket, one: Attachment) -> dict[str, Any]:
    url = f"/api/tickets/{row.number}/attachments/{one.id}"
    return {"id": one.id, "name": personal.words(holder, row, one.name), "kind": one.kind, "bytes": one.bytes, "sha256": one.sha256, "at": wire.moment(one.at), "url": url}


def _kept(request: Request) -> Attachments:
    return Attachments(_store(request).database, request.app.state.vault)


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store
