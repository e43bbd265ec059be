"""/api/persons: a person's data given out or erased, by administrators, for a stated reason; looked at first."""

from __future__ import annotations

import os
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from tickets import deletions
from web.access import May, Reader, needs
from web.asking import actor
from web.persons import PersonDesk
from web.sealed_file import served

router = APIRouter(prefix="/api/persons", tags=["persons"])
Allowed = Annotated[Reader, Depends(needs(May.MIND_PERSONS))]


class WhoBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: str = Field(
        pattern=r"^([0-9+ ()-]{3,32}|[a-z][a-z0-9_]{1,19}:[^\x00-\x1f]{1,200}|[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190})$",
        description="the telephone number they called from or gave; of who wrote without one, the e-mail address, or wechat:OPENID",
    )


class ErasureBody(WhoBody):
    dry_run: bool = Field(True, description="only say what would go")
    open_too: bool = Field(False, description="also tickets that somebody still works on")


@router.post("/export", response_class=StreamingResponse, responses={200: {"content": {"application/zip": {}}}})
def export(request: Request, holder: Allowed, body: WhoBody) -> StreamingResponse:
    """Everything that is kept of them: person.json, and their recordings, faxes and attachments. Nothing of it touches a disk here."""
    file = os.fdopen(os.memfd_create("export", os.MFD_CLOEXEC), "w+b")
    try:
        _desk(request).export(actor(holder), body.number, holder.reason, file)
    except BaseException:
        file.close()
        raise
    return served(request, file, "application/zip", "person.zip", {"Content-Security-Policy": "sandbox; default-src 'none'"})


@router.post("/erasure")
def erase(request: Request, holder: Allowed, body: ErasureBody) -> dict[str, Any]:
    """Destroys the person's key, empties their rows and deletes their files. 409 while tickets are open."""
    desk = _desk(request)
    if body.dry_run:
        return {"dry_run": True, **desk.look(actor(holder), body.number, holder.reason)}
    return {"dry_run": False, **desk.erase(actor(holder), body.number, holder.reason, open_too=body.open_too)}


@router.get("/deletions")
def deleted(request: Request, holder: Allowed, limit: Annotated[int, Query(ge=1, le=deletions.MOST_LISTED)] = 50) -> dict[str, Any]:
    """What was deleted by time or erased, newest first: counts, tickets, checksums, each line signed; `broken` says where one is not what was written."""
    desk = _desk(request)
    with desk.store.database.reads() as session:
        items = [deletions.as_json(line) for line in deletions.lines(session, limit)]
        return {"items": items, "next": None, "broken": deletions.verify(session, desk.vault.persons.master())}


def _desk(request: Request) -> PersonDesk:
    return PersonDesk(request.app.state.store, request.app.state.vault)
