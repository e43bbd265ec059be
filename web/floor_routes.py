"""/api/calls, /api/agents, /api/queues: what is going on on the floor, as the telephony process last wrote it down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from queues import alarm_file, people
from queues.alarm_file import Rates
from queues.model import Agent, AgentState
from queues.snapshot import Snapshot
from queues.tables import Person
from tickets.wire import masked
from web import personal
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
    """Agents and what each is doing, those who are logged out too; and phones that need nobody."""
    page = _page(request, holder, lambda now: now.agents)
    there = {item["login"] for item in page["items"]}
    away = [_logged_out(person) for person in people.everybody(request.app.state.store.database) if person.active and person.login not in there]
    return page | {"items": page["items"] + away}


@router.get("/queues", response_model=FloorPage)
def queues(request: Request, holder: Allowed) -> dict[str, Any]:
    """Queues: who waits and since when, at which place, for which skill; who is there; the service level of the last minutes."""
    page = _page(request, holder, lambda now: now.queues)
    rates = alarm_file.read_rates(alarm_file.rates_where(request.app.state.home), time.time())
    return page | {"items": [_with_figures(item, rates, page["written_at"]) for item in page["items"]]}


def _with_figures(queue: dict[str, Any], rates: Rates | None, now: datetime) -> dict[str, Any]:
    since = min((waiting["since"] for waiting in queue["waiting"]), default=None)
    level = rates.service.get(queue["name"]) if rates else None
    return queue | {
        "longest_wait_seconds": None if since is None else max(0.0, now.timestamp() - since),
        "service_level": level.share if level else None,
        "offered": level.calls if level else None,
    }


def _logged_out(person: Person) -> dict[str, Any]:
    since = person.left_at.timestamp() if person.left_at else None
    nobody = Agent("", AgentState.LOGGED_OUT, False, "", (), 0, login=person.login, name=person.name, work_number=person.work_number, since=since)
    return asdict(nobody)


def _page(request: Request, holder: Reader, part: Callable[[Snapshot], Sequence[Any]]) -> dict[str, Any]:
    floor: Floor = request.app.state.floor
    now = floor()
    if now is None:
        return {"items": [], "next": None, "written_at": None, "stale": True}
    items: list[Any] = [asdict(item) for item in part(now)]
    shown = items if personal.numbers(request, holder, request.url.path) else [_masked(item) for item in items]
    return {"items": shown, "next": None, "written_at": now.written_at, "stale": now.is_stale()}


def _masked(value: Any) -> Any:
    """Callers' numbers hidden, however deep they stand."""
    if isinstance(value, dict):
        return {name: masked(item) if name == "caller" else _masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value
