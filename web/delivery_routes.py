"""/api/deliveries: hand-overs to the case system; the dead letters among them are a person's work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from tickets.models import Delivery
from tickets.outbox import NoSuchDelivery, Outbox
from web.access import May, Reader, needs
from web.problems import Problem
from web.views import DeliveryPage, DeliveryView

router = APIRouter(prefix="/api/deliveries", tags=["hand-over"])
Allowed = Annotated[Reader, Depends(needs(May.MIND_DELIVERIES))]


@router.get("", response_model=DeliveryPage)
def deliveries(request: Request, holder: Allowed, state: Literal["waiting", "dead"] = "dead") -> dict[str, Any]:
    """Dead letters, or those that still wait; oldest first."""
    outbox = _outbox(request)
    rows = outbox.dead_letters() if state == "dead" else outbox.waiting()
    return {"items": [_shown(row) for row in rows], "next": None}


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
