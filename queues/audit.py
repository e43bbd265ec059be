"""Who did, or was refused, what on the floor: one line each, never changed. Refusals count as much as deeds."""

from __future__ import annotations

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
    session.add(
        Audit(
            at=datetime.now(UTC), actor=str(line.by)[:LONGEST], role=line.by.role, action=line.action,
            target=line.target[:LONGEST], outcome=line.outcome, reason=line.reason[:LONGEST],
        )
    )  # fmt: skip


def write(database: Database, line: Line) -> None:
    """In a transaction of its own: what was done was done elsewhere, or not at all."""
    with database.writes() as session:
        note(session, line)


def lines(database: Database, limit: int = 50, before: int | None = None) -> Sequence[Audit]:
    """Newest first."""
    wanted = select(Audit).order_by(Audit.id.desc()).limit(min(limit, MOST_LISTED))
    with database.reads() as session:
        return session.scalars(wanted if before is None else wanted.where(Audit.id < before)).all()
