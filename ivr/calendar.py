"""China's statutory calendar, a file for each year: holidays, and the weekend days on which people work instead.

The State Council publishes it each November for the next year, so it is data, and a year may be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ivr.faults import Faults
from ivr.fields import Fields
from ivr.source import read

FOLDER = "calendar/"
LONGEST_RANGE = 31  # days
_FILE = re.compile(r"calendar/([0-9]{4})\.yaml")
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: - ([0-9]{4}-[0-9]{2}-[0-9]{2}))?")


@dataclass(frozen=True)
class Calendar:
    """The years that are known, and in them the days that are not what their weekday says."""

    years: tuple[int, ...]
    holidays: frozenset[date]
    workdays: frozenset[date]


def read_calendar(texts: Mapping[str, str], faults: Faults) -> Calendar:
    """The calendar that these texts (`calendar/2026.yaml`, …) describe."""
    years: list[int] = []
    holidays: set[date] = set()
    workdays: set[date] = set()
    for file in sorted(name for name in texts if name.startswith(FOLDER)):
        match = _FILE.fullmatch(file)
        if match is None:
            faults.add(file, "", "must be named by its year, such as calendar/2026.yaml", 1)
            continue
        years.append(int(match[1]))
        fields = Fields(file, "", read(file, texts[file], faults), faults)
        off, worked = (set(_days_of(fields, name, int(match[1]))) for name in ("holidays", "workdays"))
        fields.done(("holidays", "workdays"))
        for day in sorted(off & worked):
            fields.fault("workdays", f"{day} is a holiday as well")
        holidays |= off
        workdays |= worked
    return Calendar(tuple(years), frozenset(holidays), frozenset(workdays))


def _days_of(fields: Fields, name: str, year: int) -> Iterator[date]:
    for at, line in enumerate(fields.texts(name, "label", most=60), 1):
        found = days(line)
        if not found and line:
            fields.fault(f"{name}/{at}", f'"{line}" is not a day or days, such as "{year}-10-01 - {year}-10-07"')
        elif any(day.year != year for day in found):
            fields.fault(f"{name}/{at}", f'"{line}" is not in {year}')
        yield from found


def days(text: str) -> tuple[date, ...]:
    """`2026-10-01 - 2026-10-07` or one day; () when it is neither."""
    match = _DAYS.fullmatch(text)
    try:
        first = date.fromisoformat(match[1]) if match else None
        last = date.fromisoformat(match[2]) if match and match[2] else first
    except ValueError:
        return ()
    if first is None or last is None or not 0 <= (last - first).days < LONGEST_RANGE:
        return ()
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
