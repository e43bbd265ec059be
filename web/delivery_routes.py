"""/api/deliveries: hand-overs to the case system; the dead letters among them are a person's work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from queues import audit
from tickets.models import Delivery
from tickets.outbox import MOST_LISTED, NoSuchDelivery, Outbox
from tickets.replaying import NoSuchPoint, Replaying
from web.access import May, Reader, needs, refused
from web.asking import actor
from web.problems import Problem
from web.views import DeliveryPage, DeliveryView

router = APIRouter(prefix="/api/deliveries", tags=["hand-over"])
Allowed = Annotated[Reader, Depends(needs(May.MIND_DELIVERIES))]


class ReplayBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    since: str = Field(min_length=1, max_length=40, description="a delivery's id, or a time; without a zone it is the city's", examples=["2026-11-22T08:00"])
    about: str = Field("", max_length=80, description="only of this ticket, by number, or call, by linkedid")


class ReplayedView(BaseModel):
    sent: int
    gone: int = Field(description="kept no longer, so they cannot be sent")


@router.get("", response_model=DeliveryPage)
def deliveries(
    request: Request,
    holder: Allowed,
    state: Literal["waiting", "dead"] = "dead",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    cursor: Annotated[str, Query(max_length=26)] = "",
) -> dict[str, Any]:
    """Dead letters, or those that still wait; oldest first."""
    outbox = _outbox(request)
    rows = (outbox.dead_letters if state == "dead" else outbox.waiting)(limit + 1, cursor)
    page = rows[:limit]
    return {"items": [_shown(row) for row in page], "next": page[-1].id if len(rows) > limit else None}


@router.post("/replay", response_model=ReplayedView)
def replay_since(request: Request, holder: Allowed, body: ReplayBody) -> dict[str, Any]:
    """Sends everything again from a point on: same keys, same bytes, in order."""
    replaying = Replaying(_outbox(request))
    try:
        done = replaying.since(replaying.point(body.since), body.about, f"token {holder.token}")
    except NoSuchPoint as error:
        refused(request, holder, str(error))
        raise Problem(422, str(error)) from None
    audit.write(request.app.state.store.database, audit.Line(actor(holder), "deliveries.replay", body.about or body.since, audit.DONE, f"{done.sent} sent again"))
    return {"sent": done.sent, "gone": done.gone}


@router.post("/{delivery_id}/replay", response_model=DeliveryView)
def replay(request: Request, holder: Allowed, delivery_id: str) -> dict[str, Any]:
    """Sends a dead letter again."""
    try:
        return _shown(_outbox(request).replay(delivery_id, f"token {holder.token}"))
    except NoSuchDelivery as error:
        raise Problem(404, f"no dead letter has this id: {str(error)[:80]}") from None


def _outbox(request: Request) -> Outbox:
    outbox: Outbox = request.app.state.store.outbox
    return outbox


def _shown(row: Delivery) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DeliveryView.model_fields if name != "ticket"} | {"ticket": row.ticket_id}
