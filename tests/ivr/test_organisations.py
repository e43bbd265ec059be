"""organisations.yaml and deadlines.yaml: read, and each mistake with its message."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.city_folder import texts
from ivr.faults import CityRefused
from ivr.loading import load

GOOD = texts(Path(__file__).parent / "good")
DEMO = texts(Path(__file__).parents[2] / "dialplans/12345")


def test_the_city_that_comes_with_it() -> None:
    city = load(DEMO)
    assert city.organisations["heping-street"].parent == "east-district"
    assert [row.name for row in city.deadlines.dispatch] == ["law-enforcement", "urgent", "usual"]
    assert [row.amount for row in city.deadlines.handling] == [1, 3, 5]


def test_a_city_without_them_has_ten_minutes_and_five_days() -> None:
    city = load(GOOD)
    assert not city.organisations
    assert [(row.name, row.amount) for row in city.deadlines.dispatch] == [("law-enforcement", 5), ("usual", 10)]


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("organisations.yaml", "a: {name: 甲, level: 2}", "organisations.yaml:1: a/parent: is missing: level 2 is below one of level 1"),
        ("organisations.yaml", "a: {name: 甲, level: 1}\nb: {name: 乙, level: 3, parent: a}", 'organisations.yaml:2: b/parent: "a" has level 1; level 3 is below one of level 2'),
        ("organisations.yaml", "ab: {name: 甲, level: 1}\nb: {name: 乙, level: 2, parent: abc}", 'organisations.yaml:2: b/parent: no such organisation "abc" (did you mean "ab"?)'),
        ("organisations.yaml", "a: {name: 甲, level: 1, parent: a}", "organisations.yaml:1: a/parent: level 1 has nobody above it"),
        ("organisations.yaml", "a: {name: 甲, level: 4}", "organisations.yaml:1: a/level: must be a whole number from 1 to 3"),
        ("organisations.yaml", "A b: {name: 甲, level: 1}", 'organisations.yaml:1: A b: "A b" is not small letters, digits and dashes'),
        ("organisations.yaml", "a: {name: 甲, level: 1, fax: 甲}", 'organisations.yaml:1: a/fax: no such field "fax"'),
        ("deadlines.yaml", "dispatch: {u: {minutes: 10}}", "deadlines.yaml:1: handling: is missing"),
        ("deadlines.yaml", "dispatch: {a: {minutes: 9}, b: {minutes: 10}}\nhandling: {u: {days: 5}}",
         "deadlines.yaml:1: dispatch/a: fits everything, so no row after it is ever reached"),
        ("deadlines.yaml", "dispatch: {a: {minutes: 9, type: report}}\nhandling: {u: {days: 5}}",
         "deadlines.yaml:1: dispatch/a: the last row must fit everything: leave its conditions out"),
        ("deadlines.yaml", "dispatch: {a: {minutes: 9, warn: 9}}\nhandling: {u: {days: 5}}", "deadlines.yaml:1: dispatch/a/warn: 9 minutes before the end is not after the beginning"),
        ("deadlines.yaml", "dispatch: {a: {type: rumour, minutes: 9}, u: {minutes: 9}}\nhandling: {u: {days: 5}}",
         'deadlines.yaml:1: dispatch/a/type: "rumour" is none of consultation, help, complaint, report, suggestion, praise'),
        ("deadlines.yaml", "dispatch: {u: {days: 9}}\nhandling: {u: {days: 5}}", "deadlines.yaml:1: dispatch/u/minutes: is missing"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_message(file: str, text: str, fault: str) -> None:
    with pytest.raises(CityRefused) as refused:
        load({**GOOD, file: text + "\n"})
    assert fault in str(refused.value)
