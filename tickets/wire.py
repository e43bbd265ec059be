"""How a ticket is written for others: the API and the case system get the same fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tickets import findings
from tickets.case_tables import Note
from tickets.models import TYPES, History, Ticket
from tickets.moves import STAGES
from tickets.numbers import SHANGHAI

SAME_NAME = (
    "id", "number", "channel", "type", "path", "status", "caller_name", "called", "agent", "linkedid", "language",
    "menu_version", "reason", "category", "reference", "truncated", "transcript_state", "transcript_engine", "transcript_model",
    "transcript_score", "transcript_score_kind", "transcript_error", "needs_review",
    "stage", "urgency", "organisation", "helpers", "level", "returns", "final", "extensions", "reopened", "rating", "confidential", "reply_wanted",
    "title", "place", "repeats", "repeat_of",
)  # fmt: skip
TIMES = (
    "began_at", "ended_at", "created_at", "updated_at", "stage_at", "accepted_at", "dispatched_at", "replied_at", "completed_at", "due_at",
)  # fmt: skip


def ticket(row: Ticket, *, show_caller: bool) -> dict[str, Any]:
    """A ticket as JSON; the caller's number in full only for those who need it."""
    return {
        **{name: getattr(row, name) for name in SAME_NAME},
        **{name: moment(getattr(row, name)) for name in TIMES},
        "type_name": TYPES.get(row.type, ""),
        "stage_name": STAGES[row.stage],
        "transcript_corrected": row.transcript_corrected if show_caller else findings.masked_text(row.transcript_corrected),
        "caller": row.caller if show_caller else masked(row.caller),
        "caller_name": row.caller_name if show_caller else masked_name(row.caller_name),
        "transcript": row.transcript if show_caller else findings.masked_text(row.transcript),
        "transcript_raw": row.transcript_raw if show_caller else None,  # figures in it are words, which no mask finds
        "findings": row.findings if show_caller else findings.masked(row.findings),
        "audio": _audio(row),
        "document": _document(row),
    }


def event(line: History) -> dict[str, Any]:
    """One line of history as JSON; numbers of callers never stand in it."""
    return {
        "id": line.id,
        "ticket": line.ticket_id,
        "at": moment(line.at),
        "event": line.event,
        "actor": line.actor,
        "detail": line.detail,
    }


def note(row: Note, *, show_caller: bool) -> dict[str, Any]:
    """What somebody wrote; no text where it was erased."""
    text = row.text if show_caller else findings.masked_text(row.text)
    return {"id": row.id, "kind": row.kind, "text": text, "actor": row.actor, "at": moment(row.at)}


def moment(time: datetime | None) -> str | None:
    """ISO 8601 with the zone citizens live in."""
    return time.astimezone(SHANGHAI).isoformat() if time else None


def masked(number: str) -> str:
    """138****1234: enough to recognise, not enough to call."""
    if len(number) <= 4:
        return "*" * len(number)
    keep = 3 if len(number) >= 10 else 1
    return f"{number[:keep]}****{number[-4:]}" if len(number) >= 7 else f"****{number[-2:]}"


def masked_name(name: str) -> str:
    """A display name often is the number again, or a person's name."""
    return f"{name[:1]}**" if name else ""


def _audio(row: Ticket) -> dict[str, Any] | None:
    if row.audio_path is None:
        return None
    return {"url": f"/api/tickets/{row.number}/audio", "seconds": row.audio_seconds, "sha256": row.audio_sha256}


def _document(row: Ticket) -> dict[str, Any] | None:
    if row.document_pages is None:
        return None
    base = f"/api/tickets/{row.number}"
    return {
        "url": f"{base}/document" if row.document_path else None,
        "preview_url": f"{base}/preview" if row.preview_path else None,
        "pages": row.document_pages,
        "sha256": row.document_sha256,
        "error": row.document_error,
    }
