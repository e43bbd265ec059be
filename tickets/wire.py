"""How a ticket is written for others: the API and the case system get the same fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tickets import findings
from tickets.case_tables import Note
from tickets.models import TYPES, History, Ticket
from tickets.moves import STAGES
from tickets.numbers import SHANGHAI
from tickets.sight import Sight, masked, masked_name, masked_words, outward

__all__ = ["event", "masked", "masked_name", "moment", "names", "note", "ticket"]

SAME_NAME = (
    "id", "number", "channel", "type", "path", "status", "called", "agent", "language",
    "menu_version", "reason", "category", "reference", "truncated", "transcript_state", "transcript_engine", "transcript_model",
    "transcript_score", "transcript_score_kind", "transcript_error", "needs_review",
    "stage", "urgency", "organisation", "helpers", "level", "returns", "final", "extensions", "reopened", "rating", "confidential", "reply_wanted",
    "accused", "repeats", "repeat_of",
)  # fmt: skip
TIMES = (
    "began_at", "ended_at", "created_at", "updated_at", "stage_at", "accepted_at", "dispatched_at", "replied_at", "completed_at", "due_at",
)  # fmt: skip


def ticket(row: Ticket, *, show_caller: bool = False, sight: Sight | None = None) -> dict[str, Any]:
    """A ticket as JSON, as far as its citizen is seen. `sight` is decided by tickets/sight.py for whoever looks.

    Without it the ticket is for whoever it is sent to, in full or masked by `show_caller`: nothing of who asked to be kept confidential, or
    complains of the handler.
    """
    sent = outward(row)
    how = sight or (sent if show_caller or sent is Sight.WITHOUT else Sight.MASKED)
    return {
        **{name: getattr(row, name) for name in SAME_NAME},
        **{name: moment(getattr(row, name)) for name in TIMES},
        "type_name": TYPES.get(row.type, ""),
        "stage_name": STAGES[row.stage],
        **_matter(row, how),
        **_citizen(row, how),
    }


def _citizen(row: Ticket, how: Sight) -> dict[str, Any]:
    """Who it was, and what tells it: the call, the voice, the hand."""
    if how is Sight.WITHOUT:
        return {"caller": "", "caller_name": "", "linkedid": "", "audio": None, "document": None}
    full = how is Sight.FULL
    return {
        "caller": row.caller if full else masked(row.caller),
        "caller_name": row.caller_name if full else masked_name(row.caller_name),
        "linkedid": row.linkedid,
        "audio": _audio(row),
        "document": _document(row),
    }


def _matter(row: Ticket, how: Sight) -> dict[str, Any]:
    """What was said. The engine's raw words are not shown masked: figures in them are words, which no mask finds."""
    full, known = how is Sight.FULL, names(row)
    words = {name: getattr(row, name) for name in ("title", "place", "transcript", "transcript_corrected")}
    return {
        **{name: masked_words(text, known, how) for name, text in words.items()},
        "transcript_raw": row.transcript_raw if full else None,
        "findings": row.findings if full else None if how is Sight.WITHOUT else findings.masked(row.findings),
    }


def names(row: Ticket) -> list[str]:
    """The names that are known to be somebody's in this ticket."""
    return [row.caller_name, *findings.persons(row.findings)]


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


def note(row: Note, *, how: Sight, names: Iterable[str] = ()) -> dict[str, Any]:
    """What somebody wrote; no text where it was erased."""
    return {"id": row.id, "kind": row.kind, "text": masked_words(row.text, names, how), "actor": row.actor, "at": moment(row.at)}


def moment(time: datetime | None) -> str | None:
    """ISO 8601 with the zone citizens live in."""
    return time.astimezone(SHANGHAI).isoformat() if time else None


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
