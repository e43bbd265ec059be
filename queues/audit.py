"""Who did, or was refused, what on the floor: one line each, never changed. Refusals count as much as deeds.

A line cannot be taken back, so no citizen's number is ever in one: it is masked on its way in, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from queues.actor import Actor
from queues.storage import Database
from queues.tables import Audit

DONE, REFUSED, FAILED = "done", "refused", "failed"
LONGEST = 500  # characters of what came from outside
MOST_LISTED = 500
NUMBER = re.compile(r"(?<![0-9A-Za-z.:/-])(?:(?:\+|00)?86)?(?:1[3-9]\d{9}|0\d{9,11})(?![0-9A-Za-z])")
OF_NUMBERS = ("block.", "nuisance.")  # actions whose target is a number, however short


@dataclass(frozen=True, slots=True)
class Line:
    """One deed. `target` is a login, a linkedid, a queue: whatever it was done to."""

    by: Actor
    action: str
    target: str
    outcome: str = DONE
    reason: str = ""


def note(session: Session, line: Line) -> None:
    """In the transaction of what was done."""
    target = _hidden(line.target) if line.action.startswith(OF_NUMBERS) else masked(line.target)
    session.add(
        Audit(
            at=datetime.now(UTC), actor=str(line.by)[:LONGEST], role=line.by.role, action=line.action,
            target=target[:LONGEST], outcome=line.outcome, reason=masked(line.reason)[:LONGEST],
        )
    )  # fmt: skip


def masked(text: str) -> str:
    """Without whole telephone numbers: 138****1234. Numbers of tickets, linkedids and days stay."""
    return NUMBER.sub(lambda found: _hidden(found[0]), text)


def _hidden(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else f"{number[:1]}****{number[-2:]}"


def write(database: Database, line: Line) -> None:
    """In a transaction of its own: what was done was done elsewhere, or not at all."""
    with database.writes() as session:
        note(session, line)


def lines(database: Database, limit: int = 50, before: int | None = None) -> Sequence[Audit]:
    """Newest first."""
    wanted = select(Audit).order_by(Audit.id.desc()).limit(min(limit, MOST_LISTED))
    with database.reads() as session:
        return session.scalars(wanted if before is None else wanted.where(Audit.id < before)).all()
