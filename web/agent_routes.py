"""/api/agents/…: people and their shifts. Administrators make people; agents mind their own shift, supervisors anybody's."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from queues import audit, people
from queues.actor import Refused
from queues.person_fields import shown
from queues.storage import Database
from queues.tables import Audit
from web.access import May, Reader, needs
from web.asking import actor, ask

LARGEST_PAGE = 500
router = APIRouter(prefix="/api", tags=["agents"])
Floor = Annotated[Reader, Depends(needs(May.READ_FLOOR))]
Managers = Annotated[Reader, Depends(needs(May.MANAGE_PEOPLE))]
Leaders = Annotated[Reader, Depends(needs(May.LEAD_FLOOR))]
Login = Annotated[str, Path(max_length=40, examples=["li"])]


class PersonFields(BaseModel):
    """What may be said of a person; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, examples=["李明"])
    work_number: str | None = Field(None, description="工号: digits", examples=["1024"])
    role: Literal["agent", "supervisor"] | None = None
    skills: dict[str, int] | None = Field(None, description="level 1 to 9", examples=[{"tax": 7}])
    languages: list[str] | None = None
    dialects: list[str] | None = None
    level: int | None = None
    wrapup_seconds: int | None = Field(None, description="their own rest after a call; null: the queue's")
    active: bool | None = None

    def given(self) -> dict[str, Any]:
        said = self.model_dump(exclude_unset=True)
        return {name: value for name, value in said.items() if value is not None or name == "wrapup_seconds"}


class NewPerson(PersonFields):
    login: str = Field(examples=["li"])
    pin: str | None = Field(None, description="4 to 12 digits, for log-in at a phone; cannot be read again")


class PersonView(BaseModel):
    login: str
    name: str
    work_number: str
    role: Literal["agent", "supervisor"]
    skills: dict[str, int]
    languages: list[str]
    dialects: list[str]
    level: int
    wrapup_seconds: int | None
    active: bool
    has_pin: bool
    locked: bool = Field(description="too many wrong PINs; ends by itself")


class PersonPage(BaseModel):
    items: list[PersonView]
    next: str | None


class AuditView(BaseModel):
    id: int
    at: str
    actor: str
    role: str
    action: str
    target: str
    outcome: Literal["done", "refused", "failed"]
    reason: str


class AuditPage(BaseModel):
    items: list[AuditView]
    next: int | None = Field(description="`before` of the next page")


class ShiftView(BaseModel):
    """What an agent is doing now; as the event `agent`."""

    model_config = ConfigDict(extra="allow")
    agent: str
    state: str
    phone: str


class Doing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AtPhone(Doing):
    phone: str = Field(max_length=40, examples=["1001"])


class Away(Doing):
    reason: str = Field(max_length=40, description="a name of pauses.yaml", examples=["meal"])


@router.get("/people", response_model=PersonPage)
def everybody(request: Request, holder: Floor) -> dict[str, Any]:
    """Everybody, logged in or not, by login."""
    return {"items": [shown(person) for person in people.everybody(_database(request))], "next": None}


@router.post("/agents", response_model=PersonView, status_code=201)
def add(request: Request, holder: Managers, person: NewPerson) -> dict[str, Any]:
    """Adds somebody who answers calls."""
    fields = {name: value for name, value in person.given().items() if name not in ("login", "pin")}
    return shown(people.add(_database(request), actor(holder), person.login, fields, person.pin))


@router.get("/agents/{login}", response_model=PersonView)
def one(request: Request, holder: Floor, login: Login) -> dict[str, Any]:
    """The person; what they are doing is in the list."""
    return shown(people.find(_database(request), login))


@router.patch("/agents/{login}", response_model=PersonView)
def edit(request: Request, holder: Managers, login: Login, fields: PersonFields) -> dict[str, Any]:
    """Changes what is named; somebody who is logged in works by it at once."""
    changed = people.edit(_database(request), actor(holder), login, fields.given())
    with contextlib.suppress(Refused):  # where telephony does not run it is read at its start
        ask(request, holder, "agent.changed", login=login)
    return shown(changed)


@router.delete("/agents/{login}", status_code=204)
def remove(request: Request, holder: Managers, login: Login) -> Response:
    """Calls and tickets keep their name. Refused while they are logged in."""
    people.remove(_database(request), actor(holder), login)
    return Response(status_code=204)


@router.put("/agents/{login}/pin", status_code=204)
def set_pin(request: Request, holder: Managers, login: Login, pin: Annotated[str | None, Body(embed=True, max_length=40)] = None) -> Response:
    """A new PIN, or none; ends a lock."""
    people.set_pin(_database(request), actor(holder), login, pin)
    return Response(status_code=204)


@router.post("/agents/{login}/login", response_model=ShiftView)
def log_in(request: Request, holder: Floor, login: Login, where: AtPhone) -> dict[str, Any]:
    """At a phone; one phone has one agent, one agent one phone."""
    return ask(request, holder, "agent.login", login=login, phone=where.phone)


@router.post("/agents/{login}/logout", response_model=ShiftView)
def log_out(request: Request, holder: Floor, login: Login) -> dict[str, Any]:
    """Out of every queue; a call in progress goes on."""
    return ask(request, holder, "agent.logout", login=login)


@router.post("/agents/{login}/pause", response_model=ShiftView)
def pause(request: Request, holder: Floor, login: Login, away: Away) -> dict[str, Any]:
    """A break; in a call it begins when that, and the work after it, is over."""
    return ask(request, holder, "agent.pause", login=login, reason=away.reason)


@router.post("/agents/{login}/ready", response_model=ShiftView)
def ready(request: Request, holder: Floor, login: Login) -> dict[str, Any]:
    """Ends a break, after-call work, and the pause after missed calls."""
    return ask(request, holder, "agent.ready", login=login)


@router.post("/agents/{login}/unlock", status_code=204)
def unlock(request: Request, holder: Leaders, login: Login) -> Response:
    """After too many wrong PINs."""
    ask(request, holder, "agent.unlock", login=login)
    return Response(status_code=204)


@router.get("/audit", response_model=AuditPage)
def audited(
    request: Request, holder: Leaders, limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50, before: Annotated[int | None, Query(ge=1)] = None
) -> dict[str, Any]:
    """Who did, or was refused, what; newest first."""
    rows = audit.lines(_database(request), limit, before)
    return {"items": [_line(row) for row in rows], "next": rows[-1].id if len(rows) == limit else None}


def _line(row: Audit) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("id", "actor", "role", "action", "target", "outcome", "reason")}
    return plain | {"at": row.at.isoformat()}


def _database(request: Request) -> Database:
    database: Database = request.app.state.store.database
    return database
