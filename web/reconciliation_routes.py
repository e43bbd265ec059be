"""GET /api/reconciliation: what of a day the case system took, as far as we know; it compares that with what it has."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from tickets.reconciliation import PAGE, Reconciling, shown
from web.access import May, Reader, needs

router = APIRouter(prefix="/api/reconciliation", tags=["hand-over"])
Allowed = Annotated[Reader, Depends(needs(May.RECONCILE))]


class OursView(BaseModel):
    about: str = Field(description="a ticket's number or a call's linkedid")
    deliveries: int = Field(description="how many were taken")
    hash: str = Field(description='SHA-256 over "KEY SHA256\\n" of each that was taken, sorted by KEY')
    waiting: int
    dead: int


class ReconciliationPage(BaseModel):
    day: date
    items: list[OursView]
    next: str | None


@router.get("", response_model=ReconciliationPage)
def reconciliation(
    request: Request,
    holder: Allowed,
    day: date,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    cursor: Annotated[str, Query(max_length=80)] = "",
) -> dict[str, Any]:
    """By ticket and call, in the order of their names."""
    rows = Reconciling(request.app.state.store.outbox).ours(day, limit + 1, cursor)
    page = rows[:limit]
    return {"day": day, "items": [shown(row) for row in page], "next": page[-1].about if len(rows) > limit else None}
