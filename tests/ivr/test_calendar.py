"""Hours by the week, by China's statutory calendar and by single dates: open to the minute, and wrong dates refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from hotline import city_checks, menus
from hotline.settings import DIALPLANS
from ivr.difference import words
from ivr.loading import check, examine, load
from ivr.model import City
from tests.hotline.conftest import settings_of
from tests.ivr.cities import CHINA, good_texts

HOURS = """\
zone: Asia/Shanghai
hours:
  office:
    weekly: [mon-fri 08:30-12:00, "mon-fri,sun 13:30-17:30"]
    calendar: statutory
    dates:
      "2026-12-31": ["08:30-12:00"]
      "2026-06-01 - 2026-06-03": closed
      "2026-10-01": ["10:00-11:00"]
"""


def official() -> dict[str, str]:
    return {name: text for name, text in menus.texts(DIALPLANS / "12345").items() if name.startswith("calendar/")}


def city(hours: str = HOURS) -> City:
    return load({**good_texts(hours=hours), **official()})


def is_open(moment: str, hours: str = HOURS) -> bool:
    made = city(hours)
    return made.is_open(made.nodes["12345-1-2"], datetime.fromisoformat(moment).replace(tzinfo=CHINA))


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-23 08:29", False), ("2026-11-23 08:30", True), ("2026-11-23 11:59", True), ("2026-11-23 12:00", False),
        ("2026-11-22 14:00", True), ("2026-11-28 14:00", False),  # a Sunday, a Saturday as each week
        ("2026-02-23 10:00", False), ("2026-02-24 10:00", True),  # the last holiday of spring festival, and after
        ("2026-02-14 10:00", True), ("2026-02-14 12:30", False),  # a Saturday made up for, with Monday's hours
        ("2026-02-15 14:00", False),  # a holiday on a Sunday that is open otherwise
        ("2026-06-02 10:00", False), ("2026-06-04 10:00", True),
        ("2026-12-31 11:59", True), ("2026-12-31 14:00", False),
        ("2026-10-01 10:30", True), ("2026-10-02 10:30", False),  # a date precedes the calendar
        ("2027-10-01 10:30", True),  # nobody knows that year yet: the week counts
    ],
)  # fmt: skip
def test_open_or_closed_to_the_minute(moment: str, opened: bool) -> None:
    assert is_open(moment) is opened


NIGHTS = """\
zone: Asia/Shanghai
hours:
  office:
    weekly: ["mon,wed 22:00-24:00", "tue,thu 00:00-06:00", sat 00:00-24:00]
    calendar: statutory
    dates:
      "2026-12-31": ["23:59-24:00"]
      "2027-01-01": ["00:00-00:01"]
"""


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-23 21:59:59", False), ("2026-11-23 22:00:00", True), ("2026-11-23 23:59:59", True),  # a Monday, over midnight
        ("2026-11-24 00:00:00", True), ("2026-11-24 05:59:59", True), ("2026-11-24 06:00:00", False),
        ("2026-11-27 23:59:59", False), ("2026-11-28 00:00:00", True), ("2026-11-28 23:59:59", True), ("2026-11-29 00:00:00", False),
        ("2026-12-31 23:58:59", False), ("2026-12-31 23:59:00", True), ("2026-12-31 23:59:59", True),  # over the end of the year
        ("2027-01-01 00:00:00", True), ("2027-01-01 00:00:59", True), ("2027-01-01 00:01:00", False),
        ("2026-02-14 23:59:59", True), ("2026-02-15 00:00:00", False),  # a Saturday made up for, before spring festival
        ("2026-02-28 21:59:59", False), ("2026-02-28 22:00:00", True),  # a make-up day has Monday's hours, not Saturday's
        ("2026-10-07 23:59:59", False), ("2026-10-08 00:00:00", True),  # the first minute after a holiday
    ],
)  # fmt: skip
def test_the_first_and_the_last_second_over_midnight_and_the_end_of_a_year(moment: str, opened: bool) -> None:
    assert is_open(moment, NIGHTS) is opened


def test_without_the_calendar_holidays_are_days_of_the_week() -> None:
    assert is_open("2026-10-02 10:30", HOURS.replace("    calendar: statutory\n", ""))


def test_the_official_years_are_whole() -> None:
    """As many days off as the notices say in words, and every make-up day is a day of a weekend."""
    days = city().hours["office"].days
    off = {year: sum(day.year == year and not openings for day, openings in days.items()) for year in (2025, 2026)}
    assert city().years == (2025, 2026)
    # 1 + 8 + 3 + 5 + 3 + 8, and 3 + 9 + 3 + 5 + 3 + 3 + 7 with one day given hours and three closed by the dates above
    assert off == {2025: 28, 2026: 33 - 1 + 3}
    made_up = [day for day, openings in days.items() if openings and day not in (date(2026, 12, 31), date(2026, 10, 1))]
    assert len(made_up) == 5 + 6
    assert all(day.weekday() >= 5 for day in made_up)


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("hours.yaml", HOURS.replace("statutory", "statutary"), 'hours.yaml:5: hours/office/calendar: no such calendar "statutary" (did you mean "statutory"?)'),
        ("hours.yaml", HOURS.replace("2026-12-31", "2026-02-29"), '7: hours/office/dates/2026-02-29: "2026-02-29" is not a day or days'),
        ("hours.yaml", HOURS.replace('["08:30-12:00"]', "shut"), '7: hours/office/dates/2026-12-31/1: "shut" is neither closed nor hours'),
        ("hours.yaml", HOURS.replace('["08:30-12:00"]', '["12:00-08:30"]'), '"12:00-08:30" ends before it begins'),
        ("hours.yaml", HOURS.replace('"2026-12-31"', '"2026-06-02"'), "2026-06-02 stands in two entries"),
        ("hours.yaml", HOURS.replace("2026-06-03", "2026-05-03"), "is not a day or days"),
        ("hours.yaml", HOURS.replace("    weekly: [mon-fri 08:30-12:00, \"mon-fri,sun 13:30-17:30\"]\n", ""), "hours/office/weekly: is empty"),
        ("calendar/2027.yaml", 'holidays: ["2026-01-01"]\n', 'calendar/2027.yaml:1: holidays/1: "2026-01-01" is not in 2027'),
        ("calendar/2027.yaml", 'holidays: ["1 May"]\n', '"1 May" is not a day or days'),
        ("calendar/2027.yaml", 'holidays: ["2027-01-01"]\nworkdays: ["2027-01-01"]\n', "calendar/2027.yaml:2: workdays: 2027-01-01 is a holiday as well"),
        ("calendar/2027.yaml", "festivals: []\n", 'no such field "festivals"'),
        ("calendar/next.yaml", "", "must be named by its year"),
    ],
)  # fmt: skip
def test_what_is_no_date_or_no_calendar_is_refused(file: str, text: str, fault: str) -> None:
    found = [str(one) for one in check({**good_texts(hours=HOURS), **official(), file: text})]
    assert any(fault in one for one in found), found


def test_a_calendar_that_knows_no_year_is_warned_of() -> None:
    assert [str(one) for one in examine(good_texts(hours=HOURS)).warnings] == [
        "hours.yaml:5: hours/office/calendar: no year of the statutory calendar is known: only the week counts"
    ]


def test_a_changed_day_is_said_in_words() -> None:
    other = HOURS.replace('["08:30-12:00"]', "closed").replace('      "2026-10-01": ["10:00-11:00"]\n', "")
    assert list(words(city(), city(other))) == [
        "days of hours office 2026-10-01 10:00-11:00, 2026-12-31 08:30-12:00 -> 2026-10-01 closed, 2026-12-31 closed"
    ]
    assert words(city(), city()) == ()


def test_a_version_keeps_the_calendar_it_was_published_with(tmp_path: Path) -> None:
    store = menus.Store(tmp_path)
    store.publish({**good_texts(hours=HOURS), **official()}, "one", "wang", datetime(2026, 11, 23, tzinfo=CHINA) + timedelta(hours=1))
    assert store.load(1).years == (2025, 2026)
    assert store.load(1) == city()


def test_the_doctor_warns_of_a_year_that_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path / "home")
    for day, found in (
        (date(2026, 11, 30), [("ok", "holidays and make-up working days of 2025, 2026")]),
        (date(2026, 12, 1), [("warning", "the holidays and make-up working days of 2027 are not known: hours go by the week alone")]),
        (date(2028, 1, 1), [("warning", "the holidays and make-up working days of 2028 are not known: hours go by the week alone")]),
    ):
        monkeypatch.setattr(city_checks, "today", lambda day=day: day)
        assert [(one.level, one.says) for one in city_checks.calendar(settings)] == found


def test_the_doctor_is_silent_where_no_hours_need_the_calendar(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    menus.Store.of(settings).publish(good_texts(), "one", "wang", datetime(2026, 11, 23, tzinfo=CHINA))
    assert list(city_checks.calendar(settings)) == []
