"""Figures as rows: over everything, or by queue, agent or dialled number; of the whole time, or of each part of it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from queues.agent_time import Spell, there_seconds
from queues.call_record import CallRecord, Segment
from queues.figures import Offer, agent_figures, by, by_interval, counted, first_call_resolution, offers, talks
from queues.record_wire import moment

By = Literal["all", "queue", "agent", "number"]
STEPS = {"whole": None, "day": 86_400, "hour": 3_600, "half-hour": 1_800, "quarter-hour": 900}
ROUNDED = 4
Parts = Sequence[tuple[float, float]]


def rows(
    calls: Sequence[CallRecord], spells: Sequence[Spell], begin: float, end: float, *,
    by_what: By = "all", step: str = "whole", level_seconds: float = 20.0, only: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """One for each name and part. `only`: just this queue, agent or number. Raises KeyError for a step that is none."""
    parts = _parts(begin, end, step)
    groups = _groups(calls, by_what, only)
    of_agent: defaultdict[str, list[Spell]] = defaultdict(list)
    for spell in spells:
        of_agent[spell.agent].append(spell)
    found: list[list[dict[str, Any]]] = [[] for _ in parts]
    for name, group in groups.items():
        if by_what == "agent":
            made = [_of_agent(part, name, first, last, of_agent[name]) for part, (first, last) in zip(_cut(group, parts), parts, strict=True)]
        else:
            made = _of_calls(group, name if by_what == "queue" else None, parts, level_seconds)
        for rows_of_part, (first, last), figured in zip(found, parts, made, strict=True):
            about = {"name": name, "begin": moment(first), "end": moment(last)}
            rows_of_part.append(about | {key: _short(value) for key, value in figured.items()})
    return [row for rows_of_part in found for row in rows_of_part]


def _of_calls(group: Sequence[CallRecord], queue: str | None, parts: Parts, level_seconds: float) -> list[dict[str, Any]]:
    """Each call is looked at once, however many parts there are."""
    cuts = [first for first, _ in parts]
    offered: list[list[Offer]] = [[] for _ in parts]
    talked: list[list[Segment]] = [[] for _ in parts]
    for offer in offers(group, queue):
        if parts[0][0] <= offer.entered_at < parts[-1][1]:
            offered[bisect_right(cuts, offer.entered_at) - 1].append(offer)
    for talk in talks(group, queue):
        if parts[0][0] <= talk.began_at < parts[-1][1]:
            talked[bisect_right(cuts, talk.began_at) - 1].append(talk)
    return [asdict(counted(*both, level_seconds)) for both in zip(offered, talked, strict=True)]


def _of_agent(calls: Sequence[CallRecord], name: str, first: float, last: float, spells: Sequence[Spell]) -> dict[str, Any]:
    there = there_seconds(spells, name, first, last)
    return asdict(agent_figures(calls, name, first, last, there)) | {"there_seconds": there}


def _cut(calls: Sequence[CallRecord], parts: Parts) -> list[list[CallRecord]]:
    """Calls under each part in which a conversation of theirs began."""
    cuts = [first for first, _ in parts]
    found: list[list[CallRecord]] = [[] for _ in parts]
    for call in calls:
        places = {bisect_right(cuts, talk.began_at) - 1 for talk in call.talks if parts[0][0] <= talk.began_at < parts[-1][1]}
        for place in places:
            found[place].append(call)
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
