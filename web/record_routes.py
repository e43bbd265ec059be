"""/api/records: one record a call, made of what Asterisk wrote to disk (queues/assembly.py). Agents see their own calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from queues import audit, cells, record_store, record_wire, recording_rows
from queues.audit import DONE, FAILED, REFUSED, Line
from queues.call_record import CallKind, CallRecord, Outcome
from queues.record_store import Wanted
from queues.storage import Database
from tickets import sight
from tickets.master import VaultClosed
from tickets.sealed import Damaged
from tickets.sight import masked
from tickets.vault import Erased, Vault
from web import personal
from web.access import May, Reader, needs
from web.asking import actor
from web.private import hidden
from web.problems import Problem
from web.sealed_file import served
from web.views import RecordPage, RecordWithRecordings

LARGEST_PAGE = 200
LARGEST_FILE = 100_000  # calls in one CSV
CURSOR = r"^\d{1,11}(\.\d{1,9})?~[0-9A-Za-z._-]{1,64}$"
NAME = r"^[0-9A-Za-z._+*#-]{1,64}$"
HEARERS = frozenset(("agent", "supervisor", "administrator"))  # agents: their own calls
ATTACHMENT = {"Content-Security-Policy": "sandbox; default-src 'none'"}
log = structlog.get_logger("web.records")
router = APIRouter(prefix="/api/records", tags=["records"])
Allowed = Annotated[Reader, Depends(needs(May.READ_FLOOR))]


@router.get("", response_model=RecordPage, responses={200: {"content": {"text/csv": {}}}})
def records(
    request: Request,
    holder: Allowed,
    begin: Annotated[datetime | None, Query(description="began at or after; ISO 8601 with zone")] = None,
    end: Annotated[datetime | None, Query(description="began before")] = None,
    caller: Annotated[str | None, Query(pattern=NAME)] = None,
    called: Annotated[str | None, Query(pattern=NAME)] = None,
    queue: Annotated[str | None, Query(pattern=NAME)] = None,
    agent: Annotated[str | None, Query(pattern=NAME)] = None,
    outcome: Outcome | None = None,
    kind: CallKind | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(pattern=CURSOR, description="`next` of the page before")] = None,
    format: Literal["json", "csv"] = "json",
) -> Any:
    """Newest first; as CSV all that fit the filters, at most 100 000."""
    if caller is not None:
        personal.searches(request, holder, masked(caller))
    wanted = Wanted(
        begin=_seconds(begin), end=_seconds(end), caller=caller, called=called, queue=queue, agent=_whose(holder, agent),
        outcome=outcome, kind=kind,
    )  # fmt: skip
    if format == "csv":
        found = record_store.calls(_database(request), wanted, LARGEST_FILE)
        full = personal.numbers(request, holder, "/api/records?format=csv", f"callers of {len(found)} calls")
        text = cells.table(record_wire.COLUMNS, (_masked(record_wire.row(call), full) for call in found))
        return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": "attachment; filename=records.csv"})
    found = record_store.calls(_database(request), wanted, limit + 1, _place(cursor))
    page = found[:limit]
    following = f"{page[-1].began_at!r}~{page[-1].linkedid}" if len(found) > limit else None
    full = bool(page) and personal.numbers(request, holder, " ".join(call.linkedid for call in page))
    return {"items": [_shown(call, full) for call in page], "next": following}


@router.get("/{linkedid}", response_model=RecordWithRecordings)
def record(request: Request, holder: Allowed, linkedid: str) -> dict[str, Any]:
    """One call: every stretch of it."""
    wanted = Wanted(linkedid=linkedid[:64])
    found = record_store.calls(_database(request), replace(wanted, agent=_whose(holder, None)), 1)
    if not found:
        raise Problem(404, f"no call has the linkedid {linkedid[:64]}")
    rows = recording_rows.find(_database(request), [found[0].linkedid, *found[0].joined])
    return _shown(found[0], personal.numbers(request, holder, found[0].linkedid)) | {"recordings": [
        {"url": f"/api/records/{found[0].linkedid}/audio", "seconds": row.seconds, "sha256": row.sha256, "truncated": row.truncated,
         "keep_until": row.keep_until} for row in rows
    ]}  # fmt: skip


@router.get("/{linkedid}/audio", response_class=StreamingResponse, responses={200: {"content": {"audio/wav": {}}}})
def audio(request: Request, holder: Allowed, linkedid: str) -> StreamingResponse:
    """What was said in this call (WAV, 8 kHz, left the caller, right what they heard). Who hears it is written down."""
    database = _database(request)
    if holder.role not in HEARERS:
        _heard(database, holder, linkedid, REFUSED, "the role may not hear recordings")
        raise Problem(403, f"a token with the role {holder.role} may not hear recordings")
    found = record_store.calls(database, replace(Wanted(linkedid=linkedid[:64]), agent=_whose(holder, None)), 1)
    rows = recording_rows.find(database, [found[0].linkedid, *found[0].joined]) if found else []
    if not rows:
        if holder.role == "agent":
            _heard(database, holder, linkedid, REFUSED, "no recording of a call of this agent")
        raise Problem(404, f"no recording of the call {linkedid[:64]}")
    if not holder.reason:
        _heard(database, holder, linkedid, REFUSED, "no reason was stated")
        raise Problem(403, sight.NO_REASON)
    home: Path = request.app.state.home
    vault: Vault = request.app.state.vault
    try:
        whole = vault.sha256(home / rows[0].path) == rows[0].sha256
    except Damaged:
        whole = False
    except Erased:
        raise Problem(410, f"the recording of the call {linkedid[:64]} was erased") from None
    except VaultClosed as error:
        log.error("the vault is closed", reason=str(error))
        raise Problem(503, "recordings cannot be opened: the hotline's administrator must look (hotline doctor)") from None
    except OSError:
        raise Problem(404, f"the recording of the call {linkedid[:64]} is not on this machine") from None
    if not whole:
        _heard(database, holder, linkedid, FAILED, "changed since it was stored")
        raise Problem(409, "this recording is not what was stored: its checksum differs")
    _heard(database, holder, linkedid, DONE, holder.reason)
    return served(request, vault.open(home / rows[0].path), "audio/wav", f"{found[0].linkedid}.wav", ATTACHMENT)


def _heard(database: Database, holder: Reader, linkedid: str, outcome: str, reason: str) -> None:
    audit.write(database, Line(actor(holder), "recording.hear", linkedid, outcome, reason))


def _whose(holder: Reader, agent: str | None) -> str | None:
    """Agents see their own. Raises Problem."""
    if holder.role != "agent":
        return agent
    if not holder.agent or agent not in (None, holder.agent):
        raise Problem(403, "an agent's token shows the calls of the agent it was made for (hotline token create --agent)")
    return holder.agent


def _shown(call: CallRecord, full: bool) -> dict[str, Any]:
    return _masked(record_wire.shown(call), full)


def _masked(data: dict[str, Any], full: bool) -> dict[str, Any]:
    """A detail may be a number that somebody was passed on to."""
    shown: dict[str, Any] = data if full else hidden(data)
    return shown


def _place(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    at, _, linkedid = cursor.partition("~")
    return float(at), linkedid


def _seconds(at: datetime | None) -> float | None:
    if at is not None and at.tzinfo is None:
        raise Problem(422, "a time without a zone: add +08:00 or Z")
    return at.timestamp() if at else None


def _database(request: Request) -> Database:
    database: Database = request.app.state.store.database
    return database
