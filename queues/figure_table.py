"""Figures as rows: over everything, or by queue, agent or dialled number; of the whole time, or of each part of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from queues.agent_time import Spell, there_seconds
from queues.call_record import CallRecord
from queues.figures import agent_figures, by, by_interval, figures, first_call_resolution
from queues.record_wire import moment

By = Literal["all", "queue", "agent", "number"]
STEPS = {"whole": None, "day": 86_400, "hour": 3_600, "half-hour": 1_800, "quarter-hour": 900}
ROUNDED = 4


def rows(
    calls: Sequence[CallRecord], spells: Sequence[Spell], begin: float, end: float, *,
    by_what: By = "all", step: str = "whole", level_seconds: float = 20.0, only: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """One for each name and part. `only`: just this queue, agent or number. Raises KeyError for a step that is none."""
    found = []
    for first, last in _parts(begin, end, step):
        for name, part in _groups(calls, by_what, only).items():
            about = {"name": name, "begin": moment(first), "end": moment(last)}
            if by_what == "agent":
                there = there_seconds(spells, name, first, last)
                figured = asdict(agent_figures(part, name, first, last, there)) | {"there_seconds": there}
            else:
                queue = name if by_what == "queue" else None
                figured = asdict(figures(part, first, last, queue=queue, level_seconds=level_seconds))
            found.append(about | {key: _short(value) for key, value in figured.items()})
    return found


def with_resolution(row: dict[str, Any], calls: Sequence[CallRecord], begin: float, end: float, now: float, days: int) -> dict[str, Any]:
    """The row of everything with the first-call resolution, whose calls reach `days` to both sides of the time."""
    return row | {"first_call_resolution": _short(first_call_resolution(calls, begin, end, now, days)), "first_call_days": days}


def _parts(begin: float, end: float, step: str) -> list[tuple[float, float]]:
    seconds = STEPS[step]
    if seconds is None:
        return [(begin, end)]
    return by_interval(begin, end, None if step == "day" else seconds)


def _groups(calls: Sequence[CallRecord], by_what: By, only: str | None) -> dict[str, list[CallRecord]]:
    match by_what:
        case "queue":
            groups = by(calls, lambda call: [visit.queue for visit in call.visits])
        case "agent":
            groups = by(calls, lambda call: [talk.agent for talk in call.talks])
        case "number":
            groups = by(calls, lambda call: [call.called])
        case _:
            return {"all": list(calls)}
    return groups if only is None else {only: groups.get(only, [])}


def _short(value: Any) -> Any:
    return round(value, ROUNDED) if isinstance(value, float) else value
