"""/api/alarms: what is wrong on the floor now, and that somebody has seen it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from queues import alarm_file
from web.access import May, Reader, needs
from web.asking import ask

router = APIRouter(prefix="/api", tags=["floor"])
Allowed = Annotated[Reader, Depends(needs(May.READ_FLOOR))]


class AlarmView(BaseModel):
    key: str = Field(examples=["nobody:complaints"])
    kind: Literal["nobody", "waiting", "connection", "service", "message", "pause", "deadline", "surge"]
    subject: str = Field(description="the queue, the agent, the ticket's number, the place and matter of a surge, or all")
    title: str
    since: datetime
    value: float = Field(description="seconds; of connection and service a share from 0 to 1, of a surge its callers")
    limit: float
    acknowledged_by: str = Field(description="who has seen it; empty: nobody")
    acknowledged_at: datetime | None


class AlarmPage(BaseModel):
    """The alarms that are on, as telephony last wrote them down."""

    items: list[AlarmView]
    next: str | None
    written_at: datetime | None
    stale: bool = Field(description="nobody is watching")


@router.get("/alarms", response_model=AlarmPage)
def alarms(request: Request, holder: Allowed) -> dict[str, Any]:
    """The alarms that are on, the oldest first."""
    found = alarm_file.read(alarm_file.where(request.app.state.home))
    if found is None:
        return {"items": [], "next": None, "written_at": None, "stale": True}
    return {"items": [_shown(alarm.as_json()) for alarm in found.alarms], "next": None, "written_at": _moment(found.at), "stale": found.is_stale()}


@router.post("/alarms/{key}/acknowledge", response_model=AlarmView)
def acknowledge(request: Request, holder: Allowed, key: Annotated[str, Path(max_length=100, examples=["nobody:complaints"])]) -> dict[str, Any]:
    """Supervisors only: it stays on until all is well, and says who has seen it."""
    return _shown(ask(request, holder, "alarm.acknowledge", key=key))


def _shown(alarm: dict[str, Any]) -> dict[str, Any]:
    acknowledged = alarm["acknowledged_at"]
    return alarm | {"since": _moment(alarm["since"]), "acknowledged_at": None if acknowledged is None else _moment(acknowledged)}


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
