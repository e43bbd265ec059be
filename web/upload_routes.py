"""/api/intake/attachments: the files of a message from another channel's system, one request each, the body as it is."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import select

from tickets.attachments import KINDS, LARGEST, MOST, AttachmentRefused, Attachments, File
from tickets.intake_tables import Arrival
from tickets.models import Ticket
from tickets.store import Store
from web.access import refused
from web.intake_routes import OWN_DOORS, Bringers
from web.problems import Problem
from web.uploads import NO_LIMIT, whole

BODY = {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/octet-stream", *sorted(set(KINDS.values())))}}}
log = structlog.get_logger("web.attachments")
router = APIRouter(prefix="/api", tags=["intake"])


class KeptView(BaseModel):
    id: str
    ticket: str
    kind: str = Field(description="by its content")
    bytes: int
    sha256: str


@router.post("/intake/attachments", response_model=KeptView, status_code=201, responses={200: {"model": KeptView}}, openapi_extra=BODY, max_body_size=NO_LIMIT)
async def attach(
    request: Request,
    holder: Bringers,
    channel: Annotated[str, Query(max_length=20)],
    message_id: Annotated[str, Query(max_length=200)],
    number: Annotated[int, Query(ge=1, le=MOST, description="which file of the message; the same one again changes nothing")],
    name: Annotated[str, Query(max_length=200, description="as the sender calls it, with its ending")] = "",
) -> JSONResponse:
    """One file of a message that made a ticket, or was added to one. Typed by what it holds, sealed, never shown as a page."""
    try:
        ticket = await run_in_threadpool(_ticket, request.app.state.store, channel, message_id)
        async with request.app.state.uploads.one():
            content = await whole(request, LARGEST)
        return await run_in_threadpool(_kept, request, ticket, f"{channel} {message_id} {number}", File(name, content))
    except Problem as no:
        if no.status < 500:
            await run_in_threadpool(refused, request, holder, no.detail)
        raise


def _ticket(store: Store, channel: str, message_id: str) -> Ticket:
    """Raises Problem."""
    with store.database.reads() as session:
        known = None if channel in OWN_DOORS else session.scalar(select(Arrival).where(Arrival.channel == channel, Arrival.message_id == message_id))
        if known is None:
            raise Problem(404, "no message of this channel has this message_id: post it to /api/intake first")
        if known.ticket_id is None:
            raise Problem(409, f"this message made no ticket ({known.outcome}): send the file with the message that does")
        return session.get_one(Ticket, known.ticket_id)


def _kept(request: Request, ticket: Ticket, source: str, file: File) -> JSONResponse:
    """Raises Problem."""
    attachments = Attachments(request.app.state.store.database, request.app.state.vault)
    try:
        kept, is_new = attachments.keep_once(ticket, source, file, request.app.state.cases.clock())
    except AttachmentRefused as no:
        raise Problem(no.status, str(no)) from None
    except OSError as error:
        log.error("a file cannot be kept", ticket=ticket.number, reason=str(error))
        raise Problem(503, "the file cannot be kept now; please send it again later", {"Retry-After": "60"}) from None
    log.info("attachment", ticket=ticket.number, kind=kept.kind, bytes=kept.bytes)
    return JSONResponse({"id": kept.id, "ticket": ticket.number, "kind": kept.kind, "bytes": kept.bytes, "sha256": kept.sha256}, 201 if is_new else 200)
