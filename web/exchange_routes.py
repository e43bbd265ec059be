"""/api/exchange/tickets: the register as CSV or Excel with the 18 columns that city systems exchange, out and in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from queues import audit
from queues.audit import Line
from tickets import exchange, importing, sheet_files
from tickets.case import Who
from tickets.columns import COLUMNS, Names
from tickets.importing import Report
from tickets.sheet_files import MOST_BYTES, SheetError
from web.access import May, Reader, needs, refused
from web.asking import actor
from web.personal import viewer
from web.problems import Problem
from web.views import ImportView

KEPT_IN_MEMORY = 8 * 1024 * 1024
PIECE = 64 * 1024
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITERS = {"csv": (sheet_files.write_csv, f"{CSV}; charset=utf-8"), "xlsx": (sheet_files.write_xlsx, XLSX)}
FILE = {"content": {CSV: {"schema": {"type": "string", "format": "binary"}}, XLSX: {"schema": {"type": "string", "format": "binary"}}}}
router = APIRouter(prefix="/api/exchange", tags=["tickets"])
Allowed = Annotated[Reader, Depends(needs(May.EXCHANGE_TICKETS))]


@router.get("/tickets", response_class=StreamingResponse, responses={200: FILE})
def take_out(
    request: Request,
    holder: Allowed,
    format: Literal["csv", "xlsx"] = "csv",
    since: Annotated[AwareDatetime | None, Query(description="tickets made from this moment on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="tickets made before this moment")] = None,
) -> StreamingResponse:
    """Oldest first, at most 100 000 tickets. With a stated reason names and numbers are in full, and the audit has a line of it."""
    if holder.reason:
        _noted(request, holder, "tickets.export", audit.DONE, f"names and numbers: {holder.reason}")
    write, kind = WRITERS[format]
    rows = exchange.rows(request.app.state.store.database, _names(request), datetime.now(UTC), viewer(holder), since, until)
    file = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    write(file, COLUMNS, rows)  # type: ignore[arg-type]  # a file in all that counts
    file.seek(0)
    return StreamingResponse(_pieces(file), media_type=kind, headers={"Content-Disposition": f'attachment; filename="tickets.{format}"'})


async def _content(request: Request, holder: Allowed) -> bytes:
    """The body, as far as one may be long."""
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            why = f"the file is longer than {MOST_BYTES} bytes: split it"
            await run_in_threadpool(refused, request, holder, why)
            raise Problem(413, why)
    return bytes(content)


@router.post("/tickets", response_model=ImportView, max_body_size=MOST_BYTES + 1, openapi_extra={"requestBody": {"required": True} | FILE})
def bring_in(
    request: Request,
    holder: Allowed,
    content: Annotated[bytes, Depends(_content)],
    apply: Annotated[bool, Query(description="do it, if no row is refused; otherwise it is said what would be done")] = False,
) -> dict[str, Any]:
    """The file is the body. Every row says what it does, or would: created, changed, unchanged, refused and why."""
    try:
        report = importing.run(request.app.state.cases, _names(request), content, Who(holder.role, str(actor(holder))), apply=apply)
    except SheetError as error:
        refused(request, holder, str(error))
        raise Problem(422, str(error)) from None
    if apply:
        _told(request, holder, report)
    return report.shown()


def _told(request: Request, holder: Reader, report: Report) -> None:
    _noted(request, holder, "tickets.import", audit.DONE if report.applied else audit.REFUSED, f"{len(report.lines)} rows")


def _noted(request: Request, holder: Reader, action: str, outcome: str, why: str) -> None:
    audit.write(request.app.state.store.database, Line(actor(holder), action, "", outcome, why))


def _names(request: Request) -> Names:
    return Names.of(request.app.state.cases.rules(), exchange.categories(request.app.state.open311.services()))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
