"""Hours as people write them: `mon-fri 08:30-12:00`, and the dates that differ.

    office: [mon-fri 08:30-12:00, mon-fri 13:30-17:30]    # the week alone

    counter:
      weekly: [mon-fri 08:30-17:30]
      calendar: statutory                # closed on holidays; make-up working days as a Monday
      dates:
        "2026-12-31": ["08:30-12:00"]    # precedes the calendar
        "2026-06-01 - 2026-06-03": closed
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from ivr import model
from ivr.calendar import Calendar, days
from ivr.fields import NAME, SHAPES, Fields
from ivr.model import Hours, Opening, Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FILE = "hours.yaml"
CLOSED = "closed"
STATUTORY = "statutory"
MOST_LINES = 50
_TIMES = r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})"
_SPAN = re.compile(rf"([a-z,-]+) {_TIMES}")
_OPENING = re.compile(_TIMES)


def read_hours(fields: Fields, calendar: Calendar) -> tuple[str, dict[str, Hours]]:
    zone = fields.one_of("zone", model.ZONES, "zone")
    value = fields.take("hours")
    if not isinstance(value, dict):
        fields.fault("hours", "must be names with a colon and their hours")
        value = {}
    named = Fields(FILE, "hours", value, fields.faults)
    hours = {name: _hours(named, name, value[name], calendar) for name in value}
    fields.done(("zone", "hours"))
    return zone, hours


def _hours(named: Fields, name: str, value: Any, calendar: Calendar) -> Hours:
    if not NAME.fullmatch(name) or len(name) > 40:
        named.fault(name, f'"{name}" is not {SHAPES["name"][1]}')
    if not isinstance(value, dict):
        return Hours(tuple(spans(named, name)))
    fields = Fields(FILE, named.at(name), value, named.faults)
    weekly = tuple(spans(fields, "weekly"))
    statutory = fields.one_of("calendar", (STATUTORY,), "calendar", required=False) == STATUTORY
    known = _statutory(weekly, calendar) if statutory else {}
    dates = _dates(Fields(FILE, fields.at("dates"), fields.take("dates"), fields.faults)) if "dates" in value else {}
    fields.done(("weekly", "calendar", "dates"))
    return Hours(weekly, {**known, **dates}, statutory)


def _statutory(weekly: tuple[Span, ...], calendar: Calendar) -> dict[date, tuple[Opening, ...]]:
    monday = tuple((span.start, span.end) for span in weekly if 0 in span.days)
    return dict.fromkeys(calendar.holidays, ()) | dict.fromkeys(calendar.workdays, monday)


def _dates(fields: Fields) -> dict[date, tuple[Opening, ...]]:
    found: dict[date, tuple[Opening, ...]] = {}
    for written in fields.names():
        openings = tuple(_openings(fields, written))
        for day in _days(written, fields):
            if day in found:
                fields.fault(written, f"{day} stands in two entries")
            found[day] = openings
    return found


def _days(written: str, fields: Fields) -> tuple[date, ...]:
    found = days(written)
    if not found:
        fields.fault(written, f'"{written}" is not a day or days, such as "2026-12-31" or "2026-06-01 - 2026-06-03"')
    return found


def _openings(fields: Fields, written: str) -> Iterator[Opening]:
    lines = fields.texts(written, "label", most=MOST_LINES)
    if lines == (CLOSED,):
        return
    for at, line in enumerate(lines, 1):
        match = _OPENING.fullmatch(line)
        if match is None:
            fields.fault(f"{written}/{at}", f'"{line}" is neither closed nor hours, such as "08:30-12:00"')
        elif (opening := _opening(fields, f"{written}/{at}", line, match.groups())) is not None:
            yield opening


def spans(fields: Fields, name: str) -> Iterator[Span]:
    lines = fields.texts(name, "label", most=MOST_LINES)
    if not lines:
        fields.fault(name, "is empty: nothing would ever be open")
    for at, line in enumerate(lines, 1):
        if line and (span := _span(fields, f"{name}/{at}", line)):
            yield span


def _span(fields: Fields, path: str, line: str) -> Span | None:
    match = _SPAN.fullmatch(line)
    on = _weekdays(match[1]) if match else ()
    if match is None or not on:
        fields.fault(path, f'"{line}" is not days and hours, such as "mon-fri 08:30-17:30"')
        return None
    opening = _opening(fields, path, line, match.groups()[1:])
    return None if opening is None else Span(on, *opening)


def _opening(fields: Fields, path: str, line: str, times: tuple[str, ...]) -> Opening | None:
    from_hour, from_minute, to_hour, to_minute = map(int, times)
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if from_minute > 59 or to_minute > 59 or end > 24 * 60:
        fields.fault(path, f'"{line}" holds a time that does not exist')
        return None
    if start >= end:
        fields.fault(path, f'"{line}" ends before it begins; hours across midnight are two lines')
        return None
    return start, end


def _weekdays(text: str) -> tuple[int, ...]:
    """`mon-fri,sun` -> 0 1 2 3 4 6; () when a day is unknown or a range runs backwards."""
    found: set[int] = set()
    for part in ("mon-sun" if text == "daily" else text).split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS or DAYS.index(first) > DAYS.index(last or first):
            return ()
        found.update(range(DAYS.index(first), DAYS.index(last or first) + 1))
    return tuple(sorted(found))
