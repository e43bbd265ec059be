"""When something must be done: pure rules over the city's tables, the statutory calendar and a moment that is passed in.

Minutes run round the clock. Working days are counted from the day after, to the end of the last (Civil Code, Art. 201
and 203); a holiday is none, a weekend day on which the State Council has people work is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from ivr.calendar import Calendar
from ivr.channel_reading import USUAL as USUAL_CHANNELS
from ivr.channels import Channels
from ivr.deadlines import USUAL, Deadlines, Limit
from ivr.notices import Notices
from ivr.organisations import Organisation
from tickets.models import Ticket
from tickets.numbers import SHANGHAI

SATURDAY = 5
NO_CALENDAR = Calendar((), frozenset(), frozenset())


@dataclass(frozen=True)
class Rules:
    """What a city's files say about its tickets."""

    deadlines: Deadlines = USUAL
    calendar: Calendar = NO_CALENDAR
    organisations: dict[str, Organisation] = field(default_factory=dict)
    channels: Channels = USUAL_CHANNELS
    notices: Notices = field(default_factory=Notices)


@dataclass(frozen=True)
class Due:
    """Until when, and from when on somebody is warned; `row` is the table's."""

    at: datetime
    warn_at: datetime
    row: str


def dispatch(rules: Rules, ticket: Ticket, since: datetime) -> Due:
    """It must be with somebody who handles it. `since`: its acceptance; for a message the end of its recording."""
    row = _row(rules.deadlines.dispatch, ticket)
    end = since + timedelta(minutes=row.amount)
    return Due(end, end - timedelta(minutes=row.warn), row.name)


def handling(rules: Rules, ticket: Ticket, since: datetime) -> Due:
    """It must be handled and the citizen told."""
    row = _row(rules.deadlines.handling, ticket)
    return _days(rules.calendar, since, row.amount, row)


def extended(rules: Rules, ticket: Ticket, due_at: datetime) -> Due:
    """One extension longer; a matter that is late already does not get its lost days back."""
    row = _row(rules.deadlines.handling, ticket)
    last_day = due_at.astimezone(SHANGHAI) - timedelta(microseconds=1)
    return _days(rules.calendar, last_day, row.extension or row.amount, row)


def is_workday(calendar: Calendar, day: date) -> bool:
    """In a year whose calendar is not known, the week alone says so."""
    return day in calendar.workdays or (day.weekday() < SATURDAY and day not in calendar.holidays)


def end_of(calendar: Calendar, since: datetime, days: int) -> datetime:
    """The end of the last of so many working days after this one, in the citizens' zone; 0: the end of this day."""
    day = since.astimezone(SHANGHAI).date()
    while days:
        day += timedelta(days=1)
        days -= is_workday(calendar, day)
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def _days(calendar: Calendar, since: datetime, days: int, row: Limit) -> Due:
    return Due(end_of(calendar, since, days), end_of(calendar, since, max(0, days - row.warn)), row.name)


def _row(table: tuple[Limit, ...], ticket: Ticket) -> Limit:
    matter = {"type": ticket.type, "urgency": ticket.urgency, "category": ticket.category, "level": str(ticket.level or "")}
    return next(row for row in table if row.fits(**matter))
