"""Until when: the statutory calendar with its make-up days, and the first row of the city's tables that fits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ivr.calendar import read_calendar
from ivr.deadlines import Deadlines, Limit
from ivr.faults import Faults
from tickets import deadlines
from tickets.deadlines import Rules, end_of
from tickets.models import Ticket
from tickets.numbers import SHANGHAI

FILE = "calendar/2026.yaml"
CALENDAR = read_calendar({FILE: (Path(__file__).parents[2] / "dialplans" / FILE).read_text(encoding="utf-8")}, Faults())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("since", "days", "until"),
    [
        ("2026-03-02 09:00", 5, "2026-03-10 00:00"),  # Monday: the week, and Monday again
        ("2026-03-06 23:59", 1, "2026-03-10 00:00"),  # Friday night: Monday
        ("2026-03-07 00:00", 1, "2026-03-10 00:00"),  # Saturday: the same
        ("2026-09-30 10:00", 5, "2026-10-14 00:00"),  # over the National Day: 8, 9, the make-up Saturday 10, 12, 13
        ("2026-02-13 10:00", 1, "2026-02-15 00:00"),  # a Saturday on which people work
        ("2026-02-14 10:00", 1, "2026-02-25 00:00"),  # over the Spring Festival
        ("2026-12-31 10:00", 1, "2027-01-02 00:00"),  # a year that is not known goes by the week alone
    ],
)
def test_working_days(since: str, days: int, until: str) -> None:
    assert end_of(CALENDAR, at(since), days) == at(until)


ROWS = Deadlines(
    dispatch=(Limit("law", 5, 2, only={"type": ("report",), "category": ("food", "tax")}), Limit("usual", 10, 3)),
    handling=(Limit("hurry", 1, 0, 1, {"urgency": ("urgent",)}), Limit("town", 7, 2, 3, {"level": ("3",)}), Limit("usual", 5, 1, 5)),
)


@pytest.mark.parametrize(
    ("matter", "dispatch", "handling"),
    [
        ({}, "usual", "usual"),
        ({"type": "report"}, "usual", "usual"),
        ({"type": "report", "category": "food"}, "law", "usual"),
        ({"urgency": "urgent", "level": 3}, "usual", "hurry"),
        ({"level": 3}, "usual", "town"),
    ],
)
def test_the_first_row_that_fits(matter: dict[str, object], dispatch: str, handling: str) -> None:
    rules, ticket = Rules(ROWS, CALENDAR), Ticket(**{"type": "", "urgency": "ordinary", "category": "", **matter})
    since = at("2026-03-02 09:00")
    assert deadlines.dispatch(rules, ticket, since).row == dispatch
    assert deadlines.handling(rules, ticket, since).row == handling


def test_warnings_come_before() -> None:
    rules, ticket = Rules(ROWS, CALENDAR), Ticket(type="", urgency="ordinary", category="")
    soon = deadlines.dispatch(rules, ticket, at("2026-03-07 23:55"))  # 7 x 24: a Saturday night counts
    assert (soon.warn_at, soon.at) == (at("2026-03-08 00:02"), at("2026-03-08 00:05"))
    later = deadlines.handling(rules, ticket, at("2026-03-02 09:00"))
    assert (later.warn_at, later.at) == (at("2026-03-07 00:00"), at("2026-03-10 00:00"))


def test_an_extension_counts_from_the_end_it_extends() -> None:
    rules, ticket = Rules(ROWS, CALENDAR), Ticket(type="", urgency="ordinary", category="")
    due = deadlines.handling(rules, ticket, at("2026-03-02 09:00")).at
    assert deadlines.extended(rules, ticket, due).at == at("2026-03-17 00:00")
