"""What the floor keeps of a citizen by their number: calls, recordings, call-backs, who gave up waiting, nuisance; to give out or to erase.

A block stays until its end: it protects others. The audit stays: it says what was done, and for how long the law wants it (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from queues import recording_rows
from queues.callback_tables import BlockRow, CallBackRow, MissedRow, NuisanceRow, PlaceRow
from queues.record_tables import CallRow, SegmentRow
from queues.recording_rows import RecordingRow
from queues.storage import Database

GONE = (CallBackRow, MissedRow, NuisanceRow)


def found(database: Database, numbers: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Every row by its table."""
    with database.reads() as session:
        calls = _calls(session, numbers)
        names = [row.linkedid for row in calls]
        rows: dict[str, Sequence[Any]] = {
            "calls": calls,
            "segments": session.scalars(select(SegmentRow).where(SegmentRow.linkedid.in_(names))).all(),
            "recordings": session.scalars(select(RecordingRow).where(RecordingRow.linkedid.in_(names))).all(),
        }
        for table in (*GONE, BlockRow):
            rows[table.__tablename__] = session.scalars(select(table).where(table.number.in_(numbers))).all()
    return {name: [_plain(row) for row in some] for name, some in rows.items()}


def erase(
    database: Database, home: Path, numbers: Sequence[str], now: datetime, unlink: Callable[[Path], object], digest: Callable[[Path], str]
) -> dict[str, int]:
    """Recordings go, numbers are taken out of calls, the rest of it is deleted. Returns how many of each."""
    with database.reads() as session:
        names = [row.linkedid for row in _calls(session, numbers)]
    count = {"recordings": recording_rows.delete_of(database, home, names, now, unlink, digest)}
    with database.writes() as session:
        count["calls"] = len(names)
        session.execute(update(CallRow).where(CallRow.caller.in_(numbers)).values(caller=""))
        session.execute(update(CallRow).where(CallRow.called.in_(numbers)).values(called=""))
        session.execute(update(SegmentRow).where(SegmentRow.linkedid.in_(names), SegmentRow.detail.in_(numbers)).values(detail=""))
        _forget_in_queues(session, numbers)
        for table in GONE:
            count[table.__tablename__] = session.execute(delete(table).where(table.number.in_(numbers))).rowcount  # type: ignore[attr-defined]
    return count


def forget_callers(database: Database, before: datetime, dry: bool) -> int:
    """Numbers go out of the records of calls that ended before; the records stay, for figures. Returns how many."""
    old = and_(CallRow.began_at < before.timestamp(), CallRow.caller != "")
    if dry:
        with database.reads() as session:
            return session.execute(select(func.count()).select_from(CallRow).where(old)).scalar_one()
    with database.writes() as session:
        return session.execute(update(CallRow).where(old).values(caller="")).rowcount  # type: ignore[attr-defined]


def _forget_in_queues(session: Session, numbers: Sequence[str]) -> None:
    """What is remembered between the lines of queue_log."""
    row = session.get(PlaceRow, 1, with_for_update=True)
    if row is not None:
        callers = {callid: said for callid, said in row.known.get("callers", {}).items() if said[0] not in numbers}
        row.known = {**row.known, "callers": callers}


def _calls(session: Session, numbers: Sequence[str]) -> Sequence[CallRow]:
    return session.scalars(select(CallRow).where(or_(CallRow.caller.in_(numbers), CallRow.called.in_(numbers)))).all()


def _plain(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
