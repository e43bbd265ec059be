"""/api/callbacks, /api/missed, /api/blocks, /api/nuisances: callers who wait elsewhere, gave up, or are kept away by a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from queues import blocks, callback_book
from queues.storage import Database
from web import personal
from web.access import May, Reader, needs
from web.asking import ask
from web.private import hidden

router = APIRouter(prefix="/api", tags=["waiting"])
Reads = Annotated[Reader, Depends(needs(May.READ_FLOOR))]
Handles = Annotated[Reader, Depends(needs(May.HANDLE_CALLS))]
Leads = Annotated[Reader, Depends(needs(May.LEAD_FLOOR))]
Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,80}$")]
Number = Annotated[str, Path(pattern=r"^\+?[0-9]{7,15}$")]
NUMBER = r"^\+?[0-9]{7,15}$"


class ListPage(BaseModel):
    items: list[dict[str, Any]]
    next: str | None = None


class MissedWanted(BaseModel):
    missed: str = Field(pattern=r"^[0-9-]{1,40}$", description="the `id` of an entry of /api/missed")


class Reason(BaseModel):
    reason: str = Field("", max_length=200)


class BlockWanted(BaseModel):
    number: str = Field(pattern=NUMBER)
    reason: str = Field(min_length=1, max_length=blocks.LONGEST_REASON)
    days: int = Field(7, ge=1, le=blocks.MOST_DAYS)


class NuisanceSeen(BaseModel):
    number: str = Field(pattern=NUMBER)
    what: str = Field(min_length=1, max_length=blocks.LONGEST_REASON)
    linkedid: str = Field("", max_length=128)


@router.get("/callbacks", response_model=ListPage)
def callbacks(request: Request, holder: Reads, all: bool = False) -> dict[str, Any]:
    """Those that are promised; with `all`, those that are over too. The newest first."""
    return _page(request, holder, map(callback_book.as_json, callback_book.listed(_database(request), all_=all)))


@router.post("/callbacks", status_code=201)
def make_callback(request: Request, holder: Handles, wanted: MissedWanted) -> dict[str, Any]:
    """Somebody who gave up waiting is called back, when their turn comes and an agent is there."""
    return _shown(request, holder, ask(request, holder, "callback.make", id=wanted.missed))


@router.post("/callbacks/{callback_id}/cancel")
def cancel_callback(request: Request, holder: Handles, callback_id: Id, why: Reason) -> dict[str, Any]:
    """Takes one back that has not begun."""
    return _shown(request, holder, ask(request, holder, "callback.cancel", id=callback_id, reason=why.reason))


@router.get("/missed", response_model=ListPage)
def missed(request: Request, holder: Reads) -> dict[str, Any]:
    """Numbers whose callers gave up waiting and talked to nobody since, the longest ago first (漏话)."""
    return _page(request, holder, map(callback_book.missed_json, callback_book.missed(_database(request))))


@router.get("/blocks", response_model=ListPage)
def blocked(request: Request, holder: Leads, all: bool = False) -> dict[str, Any]:
    """Numbers that a person has blocked; with `all`, those that are over too."""
    names = ("number", "reason", "made_by", "made_at", "until", "ended_by", "ended_at")
    return _page(request, holder, ({name: getattr(row, name) for name in names} for row in blocks.listed(_database(request), all_=all)))


@router.post("/blocks", status_code=201)
def block(request: Request, holder: Leads, wanted: BlockWanted) -> dict[str, Any]:
    """From now on callers from this number hear why they cannot get through; emergencies always do."""
    return ask(request, holder, "block.add", number=wanted.number, reason=wanted.reason, days=wanted.days)


@router.delete("/blocks/{number}")
def unblock(request: Request, holder: Leads, number: Number) -> dict[str, Any]:
    """Takes a block back."""
    return ask(request, holder, "block.remove", number=number)


@router.get("/nuisances", response_model=ListPage)
def nuisances(request: Request, holder: Leads, number: str | None = None) -> dict[str, Any]:
    """What was experienced with which number, the newest first."""
    names = ("id", "number", "at", "by", "what", "linkedid")
    return _page(request, holder, ({name: getattr(row, name) for name in names} for row in blocks.nuisances(_database(request), number)))


@router.post("/nuisances", status_code=201)
def note_nuisance(request: Request, holder: Handles, seen: NuisanceSeen) -> dict[str, Any]:
    """Writes it down. It blocks nobody: a person does that."""
    return ask(request, holder, "nuisance.note", number=seen.number, seen=seen.what, linkedid=seen.linkedid)


def _database(request: Request) -> Database:
    database: Database = request.app.state.store.database
    return database


def _page(request: Request, holder: Reader, items: Any) -> dict[str, Any]:
    found = [dict(item) for item in items]
    full = bool(found) and personal.numbers(request, holder, request.url.path)
    return {"items": found if full else hidden(found), "next": None}


def _shown(request: Request, holder: Reader, item: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = item if personal.numbers(request, holder, request.url.path) else hidden(item)
    return shown
