"""What was deleted, proven: one line a run in a chain, signed with a key outside the database, and read back by `verify`.

A line names tickets, parts and checksums, never what they said. Who holds `secrets/vault.json` can write such lines, who has a copy of
the database cannot; a line that is changed or taken out breaks the chain of those after it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.chain import BEGINNING
from tickets.master import Master
from tickets.retention_tables import Deletion

MOST_LISTED = 500


def write(session: Session, master: Master, why: str, actor: str, report: Mapping[str, Any], at: datetime) -> Deletion:
    """Appends a run, in the transaction of its last deed."""
    previous = session.scalar(select(Deletion.hash).order_by(Deletion.id.desc()).limit(1)) or BEGINNING
    linked = _link(previous, at, why, actor, report)
    line = Deletion(at=at, why=why, actor=actor, report=dict(report), hash=linked, signature=master.sign(linked))
    session.add(line)
    session.flush()
    return line


def lines(session: Session, limit: int = 50) -> Sequence[Deletion]:
    """Newest first."""
    return session.scalars(select(Deletion).order_by(Deletion.id.desc()).limit(min(limit, MOST_LISTED))).all()


def verify(session: Session, master: Master) -> str:
    """"" when every line is what was written; else the first that is not, and why."""
    previous = BEGINNING
    for line in session.scalars(select(Deletion).order_by(Deletion.id).execution_options(yield_per=MOST_LISTED)):
        if line.hash != _link(previous, line.at, line.why, line.actor, line.report):
            return f"line {line.id}: this line, or the one before it, was changed, added or taken away"
        if not hmac.compare_digest(line.signature, master.sign(line.hash)):
            return f"line {line.id}: not signed with this hotline's key"
        previous = line.hash
    return ""


def as_json(line: Deletion) -> dict[str, Any]:
    return {
        "id": line.id, "at": line.at.isoformat(), "why": line.why, "actor": line.actor, "report": line.report, "hash": line.hash, "signature": line.signature,
    }  # fmt: skip


def _link(previous: str, at: datetime, why: str, actor: str, report: Mapping[str, Any]) -> str:
    line = [previous, at.astimezone(UTC).isoformat(timespec="microseconds"), why, actor, report]
    return hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
