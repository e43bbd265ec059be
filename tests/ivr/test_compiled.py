"""What a version looks like to Asterisk, and what can never stand in it. That it behaves: test_two_paths.py."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hotline.settings import DIALPLANS
from ivr import dialplan
from ivr.model import City, HangUp, Hours, QueueNode, Span
from ivr.prompts import CALLBACK, SHARED
from tests.ivr.cities import good_city

GOODBYE = """\
[hotline-v7-12345-1-3]
exten => s,1,MSet(HOTLINE_SAY=,HOTLINE_GREET=1)
 same => n,Goto(arrive)
 same => n(quiet),Set(HOTLINE_GREET=)
 same => n(arrive),Set(HOTLINE_AT=12345-1-3)
 same => n(open),Set(HOTLINE_SAY=${HOTLINE_SAY}hotline/goodbye)
 same => n,MSet(HOTLINE_PATH=12345-1-3,HOTLINE_TARGET=,HOTLINE_TYPE=,HOTLINE_OVERFLOW=,HOTLINE_WAIT=,HOTLINE_DECISION=hangup)
 same => n,Goto(hotline-decided,s,1)
include => hotline-common
"""


@pytest.fixture(scope="module")
def city() -> City:
    return good_city()


def context(city: City, name: str) -> str:
    return next(part for part in re.split(r"\n(?=\[)", dialplan.compile(city, 7)) if part.startswith(f"[hotline-v7-{name}]"))


def test_a_node_as_asterisk_reads_it(city: City) -> None:
    assert context(city, "12345-1-3") == GOODBYE


def test_hours_are_asked_of_asterisks_clock_in_the_citys_zone(city: City) -> None:
    assert re.findall(r"GotoIfTime\((.*)\)", context(city, "12345-1-2")) == [
        "08:30-11:59,mon-fri,*,*,CST-8?open",
        "13:30-17:29,mon-fri,*,*,CST-8?open",
        "13:30-17:29,sun,*,*,CST-8?open",
    ]
    assert "Goto(hotline-v7-12345-closed,s,arrive)" in context(city, "12345-1-2")


def test_scattered_days_become_ranges(city: City) -> None:
    scattered = replace(city, hours={"office": Hours((Span((0, 2, 3, 6), 0, 24 * 60),))})
    assert re.findall(r"GotoIfTime\((.*?)\?", context(scattered, "12345-1-2")) == [f"00:00-23:59,{days},*,*,CST-8" for days in ("mon", "wed-thu", "sun")]


def test_a_path_that_leads_nowhere_is_greeted(city: City) -> None:
    table = dialplan.compile_numbers(city, 7)
    for form in ("_12345X", "_12345XXXX", "_054612345XX", "_008654612345X"):
        assert f"exten => {form},1,MSet(__HOTLINE_VERSION=7,HOTLINE_AT=12345," in table
    assert "_1234511" not in table  # only behind the city's own numbers


def test_the_number_table_holds_every_form_and_no_open_pattern(city: City) -> None:
    table = dialplan.compile_numbers(city, 7)
    dialled = [one for one in re.findall(r"^exten => (.*?),1,", table, re.M) if not one.startswith("_")]
    assert all(re.fullmatch(r"_\+?[0-9]+X{1,4}", one) for one in re.findall(r"^exten => (_.*?),1,", table, re.M))
    assert {"110", "119", "120", "122", "0546110", "+86546110"} <= set(dialled)
    assert {"12345", "054612345", "+8654612345", "8654612345", "1234511", "05461234511", "12366"} <= set(dialled)
    assert len(dialled) == len(set(dialled))
    assert all(re.fullmatch(r"\+?[0-9]+", number) for number in dialled)


def test_a_fax_without_a_fax_node_reaches_a_person(city: City) -> None:
    assert "Goto(hotline-v7-12345-2,s,1)" in context(city, "fax")
    assert "Goto(hotline-v7-12345-0,s,1)" in context(replace(city, fax=None), "fax")


@pytest.mark.parametrize("hostile", ["a,1)\n same => n,System(x", "${SHELL(x)}", "a&b", "a;b", "a]b", 'a"b', "a b", "上"])
def test_nothing_hostile_is_written_even_if_a_check_had_missed_it(city: City, hostile: str) -> None:
    for node in (
        HangUp(id="12345-1-3", name="x", prompt=(hostile,)),
        HangUp(id=hostile, name="x"),
        QueueNode(id="12345-1-3", name="x", queue="general", type=hostile),
    ):
        with pytest.raises(ValueError, match="must not become dialplan"):
            dialplan.compile(replace(city, nodes={**city.nodes, "12345-1-3": node}), 7)
    with pytest.raises(ValueError, match="must not become dialplan"):
        dialplan.compile_numbers(replace(city, numbers={hostile: "12345"}), 7)


def test_names_and_texts_of_the_files_stay_out_of_the_dialplan(city: City) -> None:
    assert dialplan.compile(city, 7).isascii()
    assert "Complaint" not in dialplan.compile(city, 7)


def test_every_prompt_the_shared_dialplan_plays_is_one_that_every_city_must_have() -> None:
    text = "".join((DIALPLANS / "asterisk" / f"{name}.conf.j2").read_text(encoding="utf-8") for name in ("extensions", "waiting"))
    played = set(re.findall(r"\bhotline/([a-z][a-z-]*[a-z])\b(?!\.py)", text))
    assert played - set(CALLBACK) - {"digit"} == set(SHARED)
    assert {prompt for prompt in CALLBACK if not prompt.startswith("digit-")} <= played
