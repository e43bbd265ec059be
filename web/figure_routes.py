"""/api/figures: what the contact centre is judged by (docs/figures.md), over call records. Agents see their own."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from queues import cells, figure_table, record_store
from queues.figures import DAY_SECONDS
from queues.record_store import Wanted
from queues.storage import Database
from web.access import May, Reader, needs
from web.problems import Problem
from web.record_routes import NAME
from web.views import FiguresPage

LONGEST_DAYS = 92
MOST_ROWS = 20_000
Step = Literal["whole", "day", "hour", "half-hour", "quarter-hour"]
router = APIRouter(prefix="/api/figures", tags=["records"])
Allowed = Annotated[Reader, Depends(needs(May.READ_FLOOR))]


@router.get("", response_model=FiguresPage, responses={200: {"content": {"text/csv": {}}}})
def figures(
    request: Request,
    holder: Allowed,
    begin: Annotated[datetime | None, Query(description="ISO 8601 with zone; 24 hours before the end if left out")] = None,
    end: Annotated[datetime | None, Query(description="now if left out")] = None,
    by: figure_table.By = "all",
    name: Annotated[str | None, Query(pattern=NAME, description="just this queue, agent or number")] = None,
    step: Step = "whole",
    level_seconds: Annotated[float, Query(gt=0, le=600, description="Y of the service level X/Y")] = 20.0,
    first_call_days: Annotated[int, Query(ge=1, le=30)] = 7,
    format: Literal["json", "csv"] = "json",
) -> Any:
    """Rates are shares from 0 to 1; null where there is nothing to divide by."""
    now = time.time()
    last = _seconds(end, now)
    first = _seconds(begin, last - DAY_SECONDS)
    if not 0 < last - first <= LONGEST_DAYS * DAY_SECONDS:
        raise Problem(422, f"figures are of more than nothing and at most {LONGEST_DAYS} days")
    if holder.role == "agent":
        by, name = _own(holder, by, name)
    if (last - first) / (figure_table.STEPS[step] or last - first) > MOST_ROWS / 10:
        raise Problem(422, "too many rows: take a longer step or a shorter time")
    database: Database = request.app.state.store.database
    calls = record_store.during(database, first, last)
    rows = figure_table.rows(
        calls, record_store.spells(database, first, last), first, last, by_what=by, step=step, level_seconds=level_seconds, only=name
    )
    if by == "all" and step == "whole":
        window = first_call_days * DAY_SECONDS
        around = record_store.calls(database, Wanted(begin=first - window, end=last + window))
        rows = [figure_table.with_resolution(row, around, first, last, now, first_call_days) for row in rows]
    if format == "csv":
        text = cells.table(list(rows[0]) if rows else ["name"], rows)
        return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": "attachment; filename=figures.csv"})
    return {"items": rows, "next": None, "by": by, "level_seconds": level_seconds}


def _own(holder: Reader, by: figure_table.By, name: str | None) -> tuple[figure_table.By, str]:
    """An agent's figures are their own. Raises Problem."""
    if not holder.agent or by != "agent" or name not in (None, holder.agent):
        raise Problem(403, "an agent's token shows the figures of the agent it was made for: by=agent")
    return "agent", holder.agent


def _seconds(at: datetime | None, otherwise: float) -> float:
    if at is not None and at.tzinfo is None:
        raise Problem(422, "a time without a zone: add +08:00 or Z")
    return at.timestamp() if at else otherwise
