"""Departments' numbers: Fuyang's plan adds up, each mode leads where it should, and both paths agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hotline import menus
from hotline.settings import DIALPLANS
from ivr import dialplan, difference, numbers
from ivr.alarming import Limits
from ivr.events import Ask, Decide, Instruction
from ivr.flow import Call, begin
from ivr.loading import check, examine, load
from ivr.model import EMERGENCIES, MODES, PASSED_ON, City
from tests.ivr.cities import MONDAY, fuyang_texts, good_city, replaced


@pytest.fixture(scope="module")
def fuyang() -> City:
    return load(fuyang_texts())


def dialled(city: City, number: str, *, menu: bool = True) -> tuple[Instruction, ...]:
    return begin(city, Call(number, MONDAY, menu=menu))[1]


def test_the_plan_adds_up(fuyang: City) -> None:
    """13 merged = 4 real + 9 nominal; 14 dual = 3 + 1 + 1 + 2 + 7; 5 sub-centre = 1 + 4."""
    groups = Counter(service.group for service in fuyang.services.values())
    merged = [groups.pop(f"merged-{kind}") for kind in ("real", "nominal")]
    dual = [groups.pop(f"dual-{kind}") for kind in ("keeps-seats", "loses-number", "province", "nominal", "loses-seats")]
    sub_centre = [groups.pop(f"sub-centre-{kind}") for kind in ("keeps-seats", "province")]
    assert (merged, dual, sub_centre) == ([4, 9], [3, 1, 1, 2, 7], [1, 4])
    assert (sum(merged), sum(dual), sum(sub_centre)) == (13, 14, 5)
    assert groups == {}


def test_the_plan_is_in_order(fuyang: City) -> None:
    assert examine(fuyang_texts()).faults == ()
    assert {service.mode for service in fuyang.services.values()} == set(MODES)


def test_numbers_the_plan_does_not_name_are_dialled_by_nobody(fuyang: City) -> None:
    unnamed = [service for service in fuyang.services.values() if not service.is_dialled]
    assert (len(unnamed), {service.mode for service in unnamed}) == (15, {"inactive"})
    assert "placeholder" not in dialplan.compile(fuyang, 1) + dialplan.compile_numbers(fuyang, 1)


def test_emergencies_stay_outside_of_all_merging(fuyang: City) -> None:
    assert not EMERGENCIES.keys() & numbers.entries(fuyang).keys()
    assert [dialled(fuyang, number)[0] for number in EMERGENCIES] == [Decide("emergency", "12345", number) for number in EMERGENCIES]


def test_each_mode_leads_where_it_should(fuyang: City) -> None:
    assert dialled(fuyang, "12349") == (Decide("queue", "12345-0", "general", "consultation", "12345-1", 60),)
    assert dialled(fuyang, "0558-12333") == (Decide("dual", "12333", "05582212333", "", "12345-0", 20),)
    sub_centre = dialled(fuyang, "12366")
    assert sub_centre[-1] == Decide("sub-centre", "12366", "05582212366", "consultation", "12345-0", 30)
    assert dialled(fuyang, "12348") == (Decide("province", "12348", "055112348", "", "12345-0", 40),)
    assert dialled(fuyang, "12319")[-1] == Decide("queue", "12345-3", "city-management", "complaint", "12345-1", 60)
    (way_on,) = dialled(fuyang, "12393")
    assert isinstance(way_on, Ask)
    assert way_on.prompts == ("moved", "main-menu")


def test_with_menus_switched_off_an_inactive_number_leads_to_a_person(fuyang: City) -> None:
    assert dialled(fuyang, "12393", menu=False)[-1] == Decide("queue", "12345-0", "general", "consultation", "12345-1", 60)
    assert dialled(fuyang, "12366", menu=False) == dialled(fuyang, "12366")
    table = dialplan.compile_numbers(fuyang, 1, menu=False)
    assert "exten => 12393,1,MSet(__HOTLINE_VERSION=1,HOTLINE_AT=12345-0," in table


def test_the_number_presets_the_category_in_each_form_it_is_dialled(fuyang: City) -> None:
    table = dialplan.compile_numbers(fuyang, 3).splitlines()
    for form in ("12349", "055812349", "+8655812349", "_12349X"):
        (line,) = [line for line in table if line.startswith(f"exten => {form},1,")]
        assert "HOTLINE_AT=12345-0,HOTLINE_PERSON=12345-0,HOTLINE_CATEGORY=civil-affairs," in line
    assert not [line for line in table if line.startswith("exten => 12345,") and "CATEGORY" in line]


def test_the_short_form_stays_as_it_was() -> None:
    city = good_city()
    assert (city.services, dict(city.numbers)) == ({}, {"12345": "12345", "12366": "12345-1-2"})


def test_an_administrator_reads_what_became_of_a_number(fuyang: City) -> None:
    before = fuyang_texts()
    after = before | {"numbers.yaml": before["numbers.yaml"].replace('"05582212366", seconds: 30', '"05582212367", seconds: 25')}
    assert difference.words(fuyang, load(after)) == (
        "number 12366: target 05582212366 -> 05582212367",
        "number 12366: seconds 30 -> 25",
    )
    gone = replace(fuyang, services={number: one for number, one in fuyang.services.items() if number != "12366"})
    assert difference.words(fuyang, gone)[-1] == "number 12366 removed"


@pytest.mark.parametrize("mode", PASSED_ON)
def test_a_number_may_be_passed_on_with_its_own_announcement(mode: str) -> None:
    entry = f'  "12366": {{name: tax, mode: {mode}, number: "054600", prompt: [about, hours], node: 12345-0}}'
    city = load(replaced("numbers", '  "12366": 12345-1-2', entry))
    said, decided = dialled(city, "12366")
    assert said.prompts == ("about", "hours")  # type: ignore[union-attr]
    assert decided == Decide(mode, "12366", "054600", "", "12345-0", city.services["12366"].seconds)


def test_a_menu_that_leads_to_a_number_that_comes_back_is_a_circle() -> None:
    entry = '  "12366": {name: tax, mode: sub-centre, number: "054600", node: 12345-4}'
    found = check(
        replaced("numbers", '  "12366": 12345-1-2', entry)
        | {"menus.yaml": replaced("menus", 'prompt: [about, hours]\n    next: "12345"', 'prompt: [about, hours]\n    next: "12366"')["menus.yaml"]}
    )
    assert [str(fault) for fault in found] == ["menus.yaml:52: nodes/12345-4: leads in an endless circle: 12345-4 -> 12366 -> 12345-4"]


def test_the_limits_that_are_shipped_are_the_usual_ones() -> None:
    assert load(menus.texts(DIALPLANS / "12345")).alarms == Limits()
