"""/api/revisits: return visits, the tasks they leave to people, what citizens said, and the three rates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from tickets import revisit_book
from web import personal, ticket_routes
from web.access import May, Reader, needs
from web.problems import Problem

router = APIRouter(prefix="/api/revisits", tags=["revisits"])
Allowed = Annotated[Reader, Depends(needs(May.READ_TICKETS))]
ULID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
State = Literal["waiting", "dialling", "talking", "task", "done"]
USUAL_DAYS = 30


class RevisitView(BaseModel):
    id: str
    ticket: str = Field(description="its number; whom to call stands on the ticket")
    state: State
    tries: int
    made_at: datetime
    changed_at: datetime
    next_at: datetime | None
    reason: str = Field(description="of a task: why a person must ask")
    in_time: bool | None = Field(description="whether the reply before it was; null where nothing had a deadline")
    solved: Literal["yes", "partly", "no", ""]
    satisfied: Literal["satisfied", "fair", "dissatisfied", ""]
    audio_seconds: float | None
    words_state: Literal["none", "pending", "done", "failed"]


class RevisitPage(BaseModel):
    items: list[RevisitView]
    next: str | None


class RatesView(BaseModel):
    visits: int
    response: float | None = Field(description="响应率")
    response_of: int
    solution: float | None = Field(description="解决率")
    solution_of: int
    satisfaction: float | None = Field(description="满意率")
    satisfaction_of: int


@router.get("", response_model=RevisitPage)
def listed(
    request: Request,
    holder: Allowed,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(pattern=ULID)] = None,
) -> dict[str, Any]:
    """Newest first; without a state those that are not over. The token of a unit sees what that unit leads."""
    rows = revisit_book.listed(request.app.state.store.database, state or "", limit + 1, cursor)
    page = [row for row in rows[:limit] if holder.organisation in ("", row[1].organisation)]
    return {"items": [revisit_book.as_json(*row) for row in page], "next": rows[limit - 1][0].id if len(rows) > limit else None}


@router.get("/rates", response_model=RatesView)
def rates(request: Request, holder: Allowed, first: datetime | None = None, last: datetime | None = None) -> dict[str, Any]:
    """Of the visits that ended in this time; the last thirty days where nothing is said. A rate of nothing is null."""
    end = _zoned(last) or datetime.now(UTC)
    return asdict(revisit_book.rates_of(request.app.state.store.database, _zoned(first) or end - timedelta(days=USUAL_DAYS), end))


@router.get("/{revisit_id}/audio", response_class=StreamingResponse, responses={200: {"content": {"audio/wav": {}}}})
def audio(request: Request, holder: Allowed, revisit_id: str) -> StreamingResponse:
    """What the citizen said at its end (8 kHz WAV)."""
    found = revisit_book.find(request.app.state.store.database, revisit_id)
    if found is None:
        raise Problem(404, f"no return visit has the id {revisit_id[:40]}")
    revisit, ticket = found
    personal.within_reach(holder, ticket, revisit_id)
    return ticket_routes.file_of(request, holder, ticket, revisit.audio_path, "audio/wav", "recording of a return visit")


def _zoned(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Problem(422, "a time needs its zone, such as 2026-11-22T00:00:00+08:00")
    return moment
