"""How a call record is written for others: the same fields in the API, in `hotline records --json` and in CSV."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from queues.call_record import CallRecord, Segment
from queues.figures import SHANGHAI

COLUMNS = (
    "linkedid", "kind", "caller", "called", "began_at", "answered_at", "ended_at", "seconds", "ended_by", "cause", "path", "type",
    "outcome", "queues", "agents", "waited_seconds", "talk_seconds", "hold_seconds", "wrapup_seconds",
)  # fmt: skip


def shown(record: CallRecord) -> dict[str, Any]:
    """As JSON; times ISO 8601 in the city's zone."""
    data = asdict(record) | {
        "kind": str(record.kind), "outcome": str(record.outcome), "joined": list(record.joined), "cause": record.cause,
        "began_at": moment(record.began_at), "answered_at": moment(record.answered_at), "ended_at": moment(record.ended_at),
        "segments": [_segment(segment) for segment in record.segments],
    }  # fmt: skip
    return data | {name: row_value for name, row_value in row(record).items() if name in ("seconds", "waited_seconds")}


def row(record: CallRecord) -> dict[str, Any]:
    """As one line of a table."""
    talks = [talk for talk in record.talks if talk.ended_at is not None]
    return {
        "linkedid": record.linkedid, "kind": str(record.kind), "caller": record.caller, "called": record.called,
        "began_at": moment(record.began_at), "answered_at": moment(record.answered_at), "ended_at": moment(record.ended_at),
        "seconds": round(record.ended_at - record.began_at, 1) if record.ended_at else None,
        "ended_by": record.ended_by, "cause": record.cause, "path": record.path, "type": record.type, "outcome": str(record.outcome),
        "queues": " ".join(dict.fromkeys(visit.queue for visit in record.visits)),
        "agents": " ".join(dict.fromkeys(talk.agent for talk in record.talks)),
        "waited_seconds": round(sum(visit.seconds for visit in record.visits), 1),
        "talk_seconds": round(sum(talk.seconds - talk.hold_seconds for talk in talks), 1),
        "hold_seconds": round(sum(talk.hold_seconds for talk in talks), 1),
        "wrapup_seconds": round(sum(talk.wrapup_seconds for talk in talks), 1),
    }  # fmt: skip


def moment(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, SHANGHAI).isoformat(timespec="milliseconds") if at is not None else None


def _segment(segment: Segment) -> dict[str, Any]:
    return asdict(segment) | {
        "kind": str(segment.kind), "how": str(segment.how), "began_at": moment(segment.began_at), "ended_at": moment(segment.ended_at),
    }  # fmt: skip
