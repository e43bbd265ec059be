"""/api/tickets/{number}/…: the moves of a ticket's life, and what is put right on it. Every refusal is a line of the audit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from queues.actor import Refused
from tickets.case import Cases, Said, Who
from tickets.case_edits import Edits
from tickets.moves import MOVES, CaseRefused
from tickets.notes import LONGEST
from tickets.store import NoSuchTicket
from web import personal
from web.access import May, Reader, needs, refused
from web.asking import actor
from web.problems import Problem
from web.views import MovePage, NotePage, TicketView

router = APIRouter(prefix="/api/tickets/{number_or_id}", tags=["tickets"])
Readers = Annotated[Reader, Depends(needs(May.READ_TICKETS))]
Movers = Annotated[Reader, Depends(needs(May.MOVE_TICKETS))]
Editors = Annotated[Reader, Depends(needs(May.EDIT_TICKETS))]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200, description="the same request under one key is carried out once")]
Text = Annotated[str, Field(max_length=LONGEST)]
Code = Annotated[str, Field(max_length=40)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MoveBody(_Body):
    """`move`, and what docs/tickets.md says must be said with it."""

    move: Code = Field(examples=["dispatch"])
    reason: Text = ""
    way: Text = Field("", description="the proper way that the citizen was told")
    reply: Text = ""
    organisation: Code = Field("", examples=["water-company"])
    helpers: list[Code] = Field([], max_length=20)
    rating: Code = Field("", examples=["satisfied"])


class AssignmentBody(_Body):
    organisation: Code = Field(min_length=1)
    helpers: list[Code] = Field([], max_length=20)


class EditBody(_Body):
    """What is left out stays as it is."""

    urgency: Code | None = None
    category: Code | None = None
    type: Code | None = None
    confidential: bool | None = None
    accused: Code | None = Field(None, description="the organisation it is about; empty: none")
    reply_wanted: bool | None = None


class TextBody(_Body):
    text: Text = Field(min_length=1)


@router.get("/moves", response_model=MovePage)
def moves(request: Request, holder: Readers, number_or_id: str) -> dict[str, Any]:
    """What this token's holder may do with it now."""
    cases = _cases(request)
    with _answered(request, holder, number_or_id):
        stage = cases.stage(number_or_id)
        names = cases.allowed(number_or_id, holder.role)
    found = [(name, MOVES[name]) for name in names]
    return {"items": [{"move": n, "label": m.label, "to": m.ends[stage], "wants": list(m.wants)} for n, m in found], "next": None}


@router.post("/moves", response_model=TicketView)
def move(request: Request, holder: Movers, number_or_id: str, body: MoveBody, key: Key = "") -> dict[str, Any]:
    """Makes a move; a refusal (409: not from here) names in `allowed` those that are possible."""
    said = Said(body.reason, body.way, body.reply, body.organisation, tuple(body.helpers), body.rating)
    with _answered(request, holder, number_or_id):
        return personal.ticket(request, holder, _cases(request).move(number_or_id, body.move, _who(holder), said, key))


@router.put("/assignment", response_model=TicketView)
def assign(request: Request, holder: Editors, number_or_id: str, body: AssignmentBody) -> dict[str, Any]:
    """Another organisation leads, or others help."""
    with _answered(request, holder, number_or_id):
        return personal.ticket(request, holder, _edits(request).assign(number_or_id, _who(holder), body.organisation, body.helpers))


@router.patch("", response_model=TicketView)
def edit(request: Request, holder: Editors, number_or_id: str, body: EditBody) -> dict[str, Any]:
    """Changes what is named."""
    fields = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    with _answered(request, holder, number_or_id):
        return personal.ticket(request, holder, _edits(request).edit(number_or_id, _who(holder), fields))


@router.put("/transcript", response_model=TicketView)
def correct(request: Request, holder: Editors, number_or_id: str, body: TextBody) -> dict[str, Any]:
    """What was really said; the machine's words stay in `transcript`."""
    with _answered(request, holder, number_or_id):
        return personal.ticket(request, holder, _edits(request).correct(number_or_id, _who(holder), body.text))


@router.post("/notes", response_model=TicketView)
def add_note(request: Request, holder: Movers, number_or_id: str, body: TextBody, key: Key = "") -> dict[str, Any]:
    """Something to remember."""
    with _answered(request, holder, number_or_id):
        return personal.ticket(request, holder, _edits(request).add_note(number_or_id, _who(holder), body.text, key))


@router.get("/notes", response_model=NotePage)
def notes(request: Request, holder: Readers, number_or_id: str) -> dict[str, Any]:
    """All that people wrote: reasons, replies, corrected words, notes; oldest first."""
    with _answered(request, holder, number_or_id):
        rows = _edits(request).notes(number_or_id)
    return {"items": personal.notes(request, holder, personal.find(request, holder, number_or_id), rows), "next": None}


@contextlib.contextmanager
def _answered(request: Request, holder: Reader, number_or_id: str) -> Iterator[None]:
    try:
        if holder.organisation:
            personal.find(request, holder, number_or_id)
        yield
    except NoSuchTicket:
        raise Problem(404, f"no ticket has the number or id {number_or_id[:40]}") from None
    except CaseRefused as no:
        refused(request, holder, no.detail)
        raise Refused(no.status, HTTPStatus(no.status).phrase, no.detail, allowed=list(no.allowed)) from None


def _cases(request: Request) -> Cases:
    cases: Cases = request.app.state.cases
    return cases


def _edits(request: Request) -> Edits:
    return Edits(_cases(request))


def _who(holder: Reader) -> Who:
    return Who(holder.role, str(actor(holder)))
