"""/api/calls, /api/agents, /api/queues: what is going on on the floor, as the telephony process last wrote it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from queues.snapshot import Snapshot
from tickets.wire import masked
from web.access import May, Reader, needs
from web.views import FloorPage

router = APIRouter(prefix="/api", tags=["floor"])
Allowed = Annotated[Reader, Depends(needs(May.READ_FLOOR))]
Floor = Callable[[], Snapshot | None]


@router.get("/calls", response_model=FloorPage)
def calls(request: Request, holder: Allowed, past: Annotated[bool, Query(description="calls that have ended")] = False) -> dict[str, Any]:
    """Calls in progress, or the last ones that ended."""
    return _page(request, holder, lambda now: now.recent if past else now.calls)


@router.get("/agents", response_model=FloorPage)
def agents(request: Request, holder: Allowed) -> dict[str, Any]:
    """Agents' phones and what each is doing."""
    return _page(request, holder, lambda now: now.agents)


@router.get("/queues", response_model=FloorPage)
def queues(request: Request, holder: Allowed) -> dict[str, Any]:
    """Queues: who waits, who is there."""
    return _page(request, holder, lambda now: now.queues)


def _page(request: Request, holder: Reader, part: Callable[[Snapshot], Sequence[Any]]) -> dict[str, Any]:
    floor: Floor = request.app.state.floor
    now = floor()
    if now is None:
        return {"items": [], "next": None, "written_at": None, "stale": True}
    items: list[Any] = [asdict(item) for item in part(now)]
    shown = items if holder.may(May.SEE_CALLERS) else [_masked(item) for item in items]
    return {"items": shown, "next": None, "written_at": now.written_at, "stale": now.is_stale()}


def _masked(value: Any) -> Any:
    """Callers' numbers hidden, however deep they stand."""
    if isinstance(value, dict):
        return {name: masked(item) if name == "caller" else _masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value
