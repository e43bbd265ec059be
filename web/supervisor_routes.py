"""What supervisors do on the floor: be in a call, move those who wait, tell agents something. Each deed is audited."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from web.access import May, Reader, needs
from web.asking import ask
from web.call_routes import Call

router = APIRouter(prefix="/api", tags=["supervision"])
Allowed = Annotated[Reader, Depends(needs(May.LEAD_FLOOR))]
QueueName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SupervisionAsked(_Asked):
    mode: Literal["listen", "whisper", "barge", "take-over"]
    phone: str = Field("", max_length=32, description="the supervisor's; none: where they are logged in")


class SupervisionView(BaseModel):
    linkedid: str
    mode: str
    phone: str
    agent: str = Field(description="the phone of whom it is about")
    state: Literal["ringing", "in_call"]


class LeftView(BaseModel):
    linkedid: str
    state: Literal["left"]


class MoveAsked(_Asked):
    to: str = Field("", max_length=40, description="another queue; none: this one")
    position: int = Field(0, ge=0, le=10_000, description="0: the time already waited counts")


class MovedView(BaseModel):
    linkedid: str
    queue: str
    position: int


class PriorityAsked(_Asked):
    priority: int = Field(ge=0, le=1000)


class PriorityView(BaseModel):
    linkedid: str
    queue: str
    priority: int


class MessageAsked(_Asked):
    text: str = Field(min_length=1, max_length=500)
    queue: str = Field("", max_length=40, description="for its agents only; none: for all")


@router.post("/calls/{linkedid}/supervision", response_model=SupervisionView, status_code=202)
def supervise(request: Request, holder: Allowed, linkedid: Call, asked: SupervisionAsked) -> dict[str, Any]:
    """Rings the supervisor's phone, or changes what a supervisor in this call does."""
    return ask(request, holder, "call.supervise", linkedid=linkedid, mode=asked.mode, phone=asked.phone)


@router.delete("/calls/{linkedid}/supervision", response_model=LeftView)
def leave(request: Request, holder: Allowed, linkedid: Call, phone: Annotated[str, Query(max_length=32)] = "") -> dict[str, Any]:
    """The part of the supervisor at this phone (none: where they are logged in) ends; the call goes on."""
    return ask(request, holder, "call.leave", linkedid=linkedid, phone=phone)


@router.post("/queues/{queue}/callers/{linkedid}/move", response_model=MovedView)
def move(request: Request, holder: Allowed, queue: QueueName, linkedid: Call, asked: MoveAsked) -> dict[str, Any]:
    """A waiting caller goes to another queue or place; it is not counted as abandoned."""
    return ask(request, holder, "caller.move", queue=queue, linkedid=linkedid, to=asked.to, position=asked.position)


@router.post("/queues/{queue}/callers/{linkedid}/priority", response_model=PriorityView)
def priority(request: Request, holder: Allowed, queue: QueueName, linkedid: Call, asked: PriorityAsked) -> dict[str, Any]:
    """A waiting caller comes before, or after, others."""
    return ask(request, holder, "caller.prefer", queue=queue, linkedid=linkedid, priority=asked.priority)


class AnnouncementAsked(_Asked):
    prompt: str = Field("", max_length=60, description="one of the city's prompts")
    phone: str = Field("", max_length=32, description="without a prompt: where the supervisor speaks; none: where they are logged in")
    queue: str = Field("", max_length=40, description="for its agents only; none: for all")


class AnnouncementView(BaseModel):
    state: Literal["ringing", "announcing"]
    to: list[str] = Field(description="logins of those who are free")
    left_out: dict[str, int] = Field(description="of the others: how many, by what they are doing")
    phone: str


@router.post("/announcements", response_model=AnnouncementView, status_code=202)
def announce(request: Request, holder: Allowed, asked: AnnouncementAsked) -> dict[str, Any]:
    """Said aloud, a minute at most, to agents who are available; refused while callers wait or nobody is free."""
    return ask(request, holder, "agents.announce", prompt=asked.prompt, phone=asked.phone, queue=asked.queue)


@router.post("/messages", status_code=202)
def tell(request: Request, holder: Allowed, asked: MessageAsked) -> dict[str, Any]:
    """The event `message` on /api/events, for agents' desks."""
    return ask(request, holder, "agents.tell", text=asked.text, queue=asked.queue)
