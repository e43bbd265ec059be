"""The weeks and months that reports are about, by the citizens' own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from tickets.numbers import SHANGHAI

Kind = Literal["week", "month"]


@dataclass(frozen=True)
class Period:
    """From the first day to before `end`. `name`: 2026-W47, 2026-11."""

    kind: Kind
    first: date
    end: date

    @property
    def name(self) -> str:
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02d}" if self.kind == "week" else f"{self.first:%Y-%m}"

    @property
    def begin_at(self) -> datetime:
        return datetime.combine(self.first, time(), SHANGHAI)

    @property
    def end_at(self) -> datetime:
        return datetime.combine(self.end, time(), SHANGHAI)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=count) for count in range((self.end - self.first).days)]

    def before(self) -> Period:
        """The one before it."""
        return of(self.kind, self.first - timedelta(days=1))


def of(kind: Kind, day: date) -> Period:
    """The week (Monday to Sunday) or month that has this day in it."""
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return Period(kind, first, first + timedelta(days=7))
    first = day.replace(day=1)
    return Period(kind, first, (first + timedelta(days=32)).replace(day=1))


def named(name: str) -> Period:
    """2026-W47, 2026-11. Raises ValueError."""
    try:
        found = of("week", datetime.strptime(f"{name}-1", "%G-W%V-%u").date()) if "W" in name else of("month", date.fromisoformat(f"{name}-01"))
    except (ValueError, OverflowError):
        found = None
    if found is None or found.name != name:
        raise ValueError(f"{name[:20]}: no week and no month, such as 2026-W47 or 2026-11")
    return found


def last_whole(kind: Kind, now: datetime) -> Period:
    """The newest one that is over."""
    return of(kind, now.astimezone(SHANGHAI).date()).before()
