"""/api/reports: weekly and monthly reports 周报月报: which there are, what they say, their files; another one is asked for and made by a worker.

They lie below HOME/reports of this machine, each a folder that appears whole (ADR 0121). Nothing here is counted.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from queues import audit
from queues.audit import DONE, Line
from tickets.jobs import DAILY
from tickets.numbers import SHANGHAI
from tickets.reports.period import Period, named, of
from tickets.store import Store
from web.access import May, Reader, needs
from web.asking import actor
from web.problems import Problem

FOLDER, LARGEST_PAGE = "reports", 200
NAME = r"^[0-9]{4}-(W[0-9]{2}|[0-9]{2})$"
FIRST_YEAR = 2000
KINDS = {".html": "text/html; charset=utf-8", ".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8", ".json": "application/json"}
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"}  # the page has its style, its pictures and its font in it
router = APIRouter(prefix="/api/reports", tags=["reports"])
Allowed = Annotated[Reader, Depends(needs(May.READ_REPORTS))]


class Wish(BaseModel):
    kind: Literal["week", "month"]
    day: date = Field(description="any day of the week or month")


class Asked(BaseModel):
    name: str = Field(examples=["2026-W47", "2026-11"])
    url: str


class ReportView(BaseModel):
    name: str
    kind: Literal["week", "month"]
    first: date
    end: date = Field(description="the day after its last")
    made_at: datetime
    files: list[str]


class ReportPage(BaseModel):
    items: list[ReportView]
    next: str | None


class ReportWithFigures(ReportView):
    figures: dict[str, Any] = Field(description="report.json: shares with what they are of, and every table")


@router.get("", response_model=ReportPage)
def reports(
    request: Request,
    holder: Allowed,
    kind: Literal["week", "month"] | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(pattern=NAME, description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """Those that are made, the newest first."""
    after = _order(_named(cursor)) if cursor else None
    periods = sorted((one for one in _made(request) if kind in (None, one.kind)), key=_order, reverse=True)
    rest = [one for one in periods if after is None or _order(one) < after]
    return {"items": [_view(request, one) for one in rest[:limit]], "next": rest[limit - 1].name if len(rest) > limit else None}


@router.post("", response_model=Asked, status_code=202)
def make(request: Request, holder: Allowed, wish: Wish) -> dict[str, str]:
    """A worker makes it, in seconds or (of a million tickets) a minute; one that is there is made anew. GET it until it is not 404, or newer."""
    period = of(wish.kind, wish.day) if wish.day.year >= FIRST_YEAR else None
    if period is None or period.first > datetime.now(SHANGHAI).date():
        raise Problem(422, f"day: a {wish.kind} that has begun, since {FIRST_YEAR}")
    store: Store = request.app.state.store
    if period.name not in store.jobs.live(DAILY):
        with store.database.writes() as session:
            if not store.jobs.report(session, period.name):
                raise Problem(503, "nobody is there who makes reports: `hotline report` does")
            audit.note(session, Line(actor(holder), "report.make", period.name, DONE))
    return {"name": period.name, "url": f"/api/reports/{period.name}"}


@router.get("/{name}", response_model=ReportWithFigures)
def report(request: Request, holder: Allowed, name: str) -> dict[str, Any]:
    """One of them, with its figures."""
    period = _there(request, name)
    try:
        figures = json.loads((_folder(request) / name / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Problem(404, f"the figures of {name} cannot be read: ask for the report again (POST /api/reports)") from None
    return _view(request, period) | {"figures": figures}


@router.get("/{name}/{file}", response_class=Response, responses={200: {"content": {kind.partition(";")[0]: {} for kind in KINDS.values()}}})
def file(request: Request, holder: Allowed, name: str, file: str) -> FileResponse:
    """`report.html`, `report.pdf`, `report.json`, or the CSV of a table."""
    period = _there(request, name)
    if file not in (files := _files(request, period)):
        raise Problem(404, f"{name} has no such file: it has {', '.join(files)}")
    shown = "attachment" if file.endswith(".csv") else "inline"
    path = _folder(request) / name / file
    return FileResponse(path, media_type=KINDS[path.suffix], filename=f"{name}-{file}", content_disposition_type=shown, headers=SAFE)


def _folder(request: Request) -> Path:
    home: Path = request.app.state.home
    return home / FOLDER


def _made(request: Request) -> list[Period]:
    found = []
    for path in _folder(request).glob("*/report.json"):
        try:
            found.append(named(path.parent.name))
        except ValueError:
            continue  # somebody's own folder
    return found


def _there(request: Request, name: str) -> Period:
    period = _named(name)
    if not (_folder(request) / period.name / "report.json").is_file():
        waits = period.name in request.app.state.store.jobs.live(DAILY)
        raise Problem(404, f"{period.name} is being made: ask again" if waits else f"{period.name} was not made here: POST /api/reports asks for it")
    return period


def _named(name: str) -> Period:
    try:
        return named(name)
    except ValueError as no:
        raise Problem(404, str(no)) from None


def _view(request: Request, period: Period) -> dict[str, Any]:
    made_at = datetime.fromtimestamp((_folder(request) / period.name / "report.json").stat().st_mtime, UTC)
    return {"name": period.name, "kind": period.kind, "first": period.first, "end": period.end, "made_at": made_at, "files": _files(request, period)}


def _files(request: Request, period: Period) -> list[str]:
    return sorted(path.name for path in (_folder(request) / period.name).iterdir() if path.suffix in KINDS)


def _order(period: Period) -> tuple[date, str]:
    return period.first, period.kind
