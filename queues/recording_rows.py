"""The rows of recordings: what is kept, since when, until when; and the proof of what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Boolean, Float, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from queues import audit
from queues.actor import THE_FLOOR
from queues.audit import Line
from queues.recordings import Stored, digest_of
from queues.storage import Database
from queues.tables import Base

MOST_AT_ONCE = 500

log = structlog.get_logger()


class RecordingRow(Base):
    """One file. A row stays when its file has gone: that it was kept, and when it was deleted, is proof too."""

    __tablename__ = "recordings"
    linkedid: Mapped[str] = mapped_column(Text, primary_key=True)
    path: Mapped[str]
    sha256: Mapped[str]
    seconds: Mapped[float] = mapped_column(Float)
    truncated: Mapped[bool] = mapped_column(Boolean)
    kind: Mapped[str]
    stored_at: Mapped[datetime]
    keep_until: Mapped[datetime] = mapped_column(index=True)
    deleted_at: Mapped[datetime | None]


def keep(database: Database, stored: Stored) -> None:
    """Once stored, it is stored: a second time changes nothing but the file's description."""
    with database.writes() as session:
        session.merge(RecordingRow(deleted_at=None, **{name: getattr(stored, name) for name in Stored.__dataclass_fields__}))


def find(database: Database, names: Sequence[str]) -> list[RecordingRow]:
    """Of a call and those that became part of it, that are still there."""
    wanted = select(RecordingRow).where(RecordingRow.linkedid.in_(names), RecordingRow.deleted_at.is_(None)).order_by(RecordingRow.stored_at)
    with database.reads() as session:
        return list(session.scalars(wanted).all())


def delete_due(
    database: Database, home: Path, now: datetime, unlink: Callable[[Path], object] = Path.unlink, digest: Callable[[Path], str] = digest_of
) -> int:
    """Deletes what has been kept for long enough; each one is a line of the audit with its checksum. Returns how many.

    The file goes first, then row and line in one transaction: a crash between them deletes nothing twice, and the next run
    finds the row and says that the file was gone already.
    """
    wanted = select(RecordingRow).where(RecordingRow.keep_until <= now, RecordingRow.deleted_at.is_(None)).limit(MOST_AT_ONCE)
    with database.reads() as session:
        due = session.scalars(wanted).all()
    return sum(_delete(database, home, row, now, unlink, digest) for row in due)


def delete_of(
    database: Database, home: Path, names: Sequence[str], now: datetime, unlink: Callable[[Path], object] = Path.unlink, digest: Callable[[Path], str] = digest_of
) -> int:
    """Those of these calls, before their time: somebody's data is erased. Returns how many."""
    return sum(_delete(database, home, row, now, unlink, digest) for row in find(database, names))


def _delete(database: Database, home: Path, row: RecordingRow, now: datetime, unlink: Callable[[Path], object], digest: Callable[[Path], str]) -> bool:
    path = home / row.path
    try:
        state = _state(path, row.sha256, digest)
        unlink(path)
    except FileNotFoundError:
        state = "its file was gone already"
    except OSError as error:
        log.error("a recording cannot be deleted", linkedid=row.linkedid, reason=error.strerror)
        return False
    with database.writes() as session:
        kept = session.get(RecordingRow, row.linkedid)
        if kept is not None:
            kept.deleted_at = now
        reason = f"class {row.kind}, kept until {row.keep_until.isoformat(timespec='seconds')}; sha256 {row.sha256}; {state}"
        audit.note(session, Line(THE_FLOOR, "recording.delete", row.linkedid, audit.DONE, reason))
    return True


def _state(path: Path, sha256: str, digest: Callable[[Path], str]) -> str:
    """What can be said of a file before it goes. Raises FileNotFoundError."""
    try:
        return "as it was stored" if digest(path) == sha256 else "changed since it was stored"
    except FileNotFoundError:
        raise
    except (OSError, LookupError):  # its key was destroyed, or it is damaged: it goes all the same
        return "not to be read any more"
