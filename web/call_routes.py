"""/api/calls/{linkedid}/…: what an agent does with their own call; and a call out from a ticket. The floor does it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from web.access import May, Reader, needs
from web.asking import ask

router = APIRouter(prefix="/api", tags=["conversations"])
Allowed = Annotated[Reader, Depends(needs(May.HANDLE_CALLS))]
Call = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,100}$", description="the call's linkedid")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Party(_Asked):
    """Somebody who can be reached."""

    kind: Literal["agent", "phone", "queue", "outside"] = Field(description="outside: an entry of transfers.yaml, by name or number")
    name: str = Field(min_length=1, max_length=64)


class TransferAsked(_Asked):
    to: Party
    talk_first: bool = Field(False, description="true: the agent talks to them before (attended); complete or resume follows")


class ConferenceAsked(_Asked):
    to: Party | None = Field(None, description="none: whoever is being consulted")


class CallAsked(_Asked):
    outside: str = Field("", max_length=64, description="an entry of transfers.yaml instead of the ticket's caller")
    phone: str = Field("", max_length=32, description="of a supervisor who is logged in nowhere")


class RecordingAsked(_Asked):
    state: Literal["paused", "recording"]


class RecordingState(BaseModel):
    linkedid: str
    state: Literal["paused", "recording"]


class CaptionsState(BaseModel):
    linkedid: str
    state: Literal["on", "off"]


class TalkView(BaseModel):
    """What the call is like now."""

    linkedid: str
    state: Literal["talking", "on_hold", "consulting", "conference", "transferred", "ringing"]
    to: str | None = None
    phone: str | None = None
    ticket: str | None = None


@router.post("/calls/{linkedid}/hold", response_model=TalkView)
def hold(request: Request, holder: Allowed, linkedid: Call) -> dict[str, Any]:
    """The caller hears music."""
    return ask(request, holder, "call.hold", linkedid=linkedid)


@router.post("/calls/{linkedid}/resume", response_model=TalkView)
def resume(request: Request, holder: Allowed, linkedid: Call) -> dict[str, Any]:
    """Back to the caller, from hold or from a consultation."""
    return ask(request, holder, "call.resume", linkedid=linkedid)


@router.post("/calls/{linkedid}/transfer", response_model=TalkView)
def transfer(request: Request, holder: Allowed, linkedid: Call, asked: TransferAsked) -> dict[str, Any]:
    """Passes the caller on, at once or after a talk."""
    return ask(request, holder, "call.transfer", linkedid=linkedid, kind=asked.to.kind, name=asked.to.name, talk_first=asked.talk_first)


@router.post("/calls/{linkedid}/recording", response_model=RecordingState)
def recording(request: Request, holder: Allowed, linkedid: Call, asked: RecordingAsked) -> dict[str, Any]:
    """Pauses or resumes the recording: while it is paused, silence is written."""
    return ask(request, holder, "recording.pause" if asked.state == "paused" else "recording.resume", linkedid=linkedid)


@router.post("/calls/{linkedid}/captions", response_model=CaptionsState)
def captions(request: Request, holder: Allowed, linkedid: Call) -> dict[str, Any]:
    """What both sides say comes as events of the kind `caption`, one a phrase. 503: nobody can listen, or too many calls are listened to."""
    return ask(request, holder, "captions.start", linkedid=linkedid)


@router.delete("/calls/{linkedid}/captions", response_model=CaptionsState)
def no_captions(request: Request, holder: Allowed, linkedid: Call) -> dict[str, Any]:
    """No more captions of this call."""
    return ask(request, holder, "captions.stop", linkedid=linkedid)


@router.post("/calls/{linkedid}/complete", response_model=TalkView)
def complete(request: Request, holder: Allowed, linkedid: Call) -> dict[str, Any]:
    """The agent leaves caller and third party to each other."""
    return ask(request, holder, "call.complete", linkedid=linkedid)


@router.post("/calls/{linkedid}/conference", response_model=TalkView)
def conference(request: Request, holder: Allowed, linkedid: Call, asked: ConferenceAsked) -> dict[str, Any]:
    """All three talk (三方通话)."""
    party = {"kind": asked.to.kind, "name": asked.to.name} if asked.to else {}
    return ask(request, holder, "call.conference", linkedid=linkedid, **party)


@router.post("/tickets/{number_or_id}/call", response_model=TalkView, status_code=202)
def call(request: Request, holder: Allowed, number_or_id: Annotated[str, Path(max_length=64)], asked: CallAsked) -> dict[str, Any]:
    """Rings the agent's phone, then calls the ticket's caller, who sees the hotline's number."""
    return ask(request, holder, "call.out", ticket=number_or_id, outside=asked.outside, phone=asked.phone)
