"""History as a chain: each line carries SHA-256 over the line before it and itself, so that none can be changed unseen.

What people said is not in a line but in a note (tickets/notes.py), whose seal is. Erasing the note leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.case_tables import Note
from tickets.models import History
from tickets.notes import seal

BEGINNING = "0" * 64
BATCH = 1000


@dataclass(frozen=True)
class Verdict:
    """`head` is the newest line's hash: who writes it down elsewhere can tell later that no lines were cut off the end."""

    lines: int
    head: str
    broken: int | None = None
    why: str = ""


def link(previous: str, ticket_id: str, at: datetime, event: str, actor: str, detail: Mapping[str, Any]) -> str:
    """A line's hash. Its id is not in it: the place in the chain is its order."""
    line = [previous, ticket_id, at.astimezone(UTC).isoformat(timespec="microseconds"), event, actor, detail]
    return hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def head(session: Session) -> str:
    """The newest line's hash. Only one process writes at a time, so the next line follows this one."""
    return session.scalar(select(History.hash).order_by(History.id.desc()).limit(1)) or BEGINNING


def verify(session: Session, known_head: str = "") -> Verdict:
    """Reads the whole chain. `broken` is the id of the first line that is not what it was when it was written.

    `known_head`: a head written down earlier; where it is gone, lines were cut off the end.
    """
    previous, count, seen = BEGINNING, 0, not known_head
    for line in session.scalars(select(History).order_by(History.id).execution_options(yield_per=BATCH)):
        count += 1
        if line.hash != link(previous, line.ticket_id, line.at, line.event, line.actor, line.detail):
            return Verdict(count, previous, line.id, "this line, or the one before it, was changed, added or taken away")
        if why := _note_is_not(session, line):
            return Verdict(count, previous, line.id, why)
        previous = line.hash
        seen = seen or previous == known_head
    return Verdict(count, previous, None, "" if seen else "the line of the given head is gone: lines were cut off the end")


def _note_is_not(session: Session, line: History) -> str:
    for name, sealed in (line.detail.get("notes") or {}).items():
        note = session.get(Note, sealed["id"])
        if note is None:
            return f"its {name} is gone"
        if note.text is not None and seal(note.salt or "", note.text) != sealed["seal"]:
            return f"its {name} was changed"
    return ""
