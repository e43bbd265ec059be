"""retention.yaml: read, its mistakes with their messages, and said where it is missing."""

from __future__ import annotations

import pytest

from hotline.menus import texts
from hotline.settings import DIALPLANS
from ivr.advice import advise
from ivr.faults import CityRefused, Faults
from ivr.loading import load
from ivr.retention import PARTS, RETENTION

CITY = texts(DIALPLANS / "12345")


def test_the_shipped_proposals_are_read() -> None:
    found = load(CITY).retention
    assert found is not None and set(found.parts) == set(PARTS)
    assert (found.parts["recordings"].by_type("report"), found.parts["recordings"].by_type("help")) == (1095, 180)


def test_without_the_file_it_is_said() -> None:
    without = load({name: text for name, text in CITY.items() if name != RETENTION})
    faults = Faults()
    advise(without, faults)
    assert without.retention is None and any("nothing citizens leave is ever deleted" in str(fault) for fault in faults.found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("words:      {days: 1095}", ""), "words: is missing"),
        (("words:      {days: 1095}", "words: 1095"), "words: must say how long"),
        (("words:      {days: 1095}", "words: {days: 0}"), "words/days: "),
        (("words:      {days: 1095}", "words: {days: 9, rumour: 9}"), "words/rumour: "),
        (("words:      {days: 1095}", "words: {days: 1095}\nsecrets: {days: 1}"), "secrets: "),
    ],
)
def test_each_mistake_has_its_message(change: tuple[str, str], said: str) -> None:
    with pytest.raises(CityRefused, match=said):
        load({**CITY, RETENTION: CITY[RETENTION].replace(*change)})
