"""Weekly hours as people write them: `mon-fri 08:30-12:00`."""

from __future__ import annotations

import re

from ivr import model
from ivr.fields import NAME, SHAPES, Fields
from ivr.model import Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([a-z,-]+) ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


def read_hours(fields: Fields) -> tuple[str, dict[str, tuple[Span, ...]]]:
    zone = fields.one_of("zone", model.ZONES, "zone")
    value = fields.take("hours")
    if not isinstance(value, dict):
        fields.fault("hours", "must be names with a colon and their hours")
        value = {}
    hours = {name: tuple(_spans(Fields("hours.yaml", "hours", value, fields.faults), name)) for name in value}
    fields.done(("zone", "hours"))
    return zone, hours


def _spans(fields: Fields, name: str) -> list[Span]:
    if not NAME.fullmatch(name) or len(name) > 40:
        fields.fault(name, f'"{name}" is not {SHAPES["name"][1]}')
    lines = fields.texts(name, "label", most=50)
    if not lines:
        fields.fault(name, "is empty: nothing would ever be open")
    return [span for at, line in enumerate(lines, 1) if line and (span := _span(fields, f"{name}/{at}", line))]


def _span(fields: Fields, path: str, line: str) -> Span | None:
    match = _SPAN.fullmatch(line)
    days = _days(match[1]) if match else ()
    if match is None or not days:
        fields.fault(path, f'"{line}" is not days and hours, such as "mon-fri 08:30-17:30"')
        return None
    start, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    if int(match[3]) > 59 or int(match[5]) > 59 or end > 24 * 60:
        fields.fault(path, f'"{line}" holds a time that does not exist')
        return None
    if start >= end:
        fields.fault(path, f'"{line}" ends before it begins; hours across midnight are two lines')
        return None
    return Span(days, start, end)


def _days(text: str) -> tuple[int, ...]:
    """`mon-fri,sun` -> 0 1 2 3 4 6; () when a day is unknown or a range runs backwards."""
    days: set[int] = set()
    for part in ("mon-sun" if text == "daily" else text).split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS or DAYS.index(first) > DAYS.index(last or first):
            return ()
        days.update(range(DAYS.index(first), DAYS.index(last or first) + 1))
    return tuple(sorted(days))
