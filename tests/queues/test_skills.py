"""Who belongs where, how well they fit, and when callers stop being choosy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.model import City
from ivr.needs import of_queue
from ivr.queueing import Relax
from queues.config import render, render_rules
from queues.names import queue_of, section, wanted_of
from queues.skills import Membership, memberships, penalty, rule
from tests.ivr.cities import good_city, good_texts

WAITING = "skills: {tax: 税务, cantonese: 粤语, complaints: 投诉}\n"
MENUS = good_texts()["menus.yaml"].replace("queue: complaints", "queue: complaints\n    skills: [tax, cantonese]", 1)
QUEUES = good_texts()["queues.yaml"] + '  relax: ["0 7", "20 1", "60 0"]\n'


@pytest.fixture
def city() -> City:
    queues = QUEUES.replace("complaints:\n", "complaints:\n  skills: [complaints, tax]\n", 1)
    return good_city(menus=MENUS, queues=queues, waiting=WAITING)


def test_what_callers_of_a_queue_can_need(city: City) -> None:
    assert of_queue(city, city.queues["complaints"]) == (("cantonese", "tax"),)
    assert of_queue(city, city.queues["general"]) == ()


def test_an_agent_belongs_to_the_queues_that_take_their_skills(city: City) -> None:
    """A queue without `skills` takes everybody."""
    assert memberships({}, city) == [Membership("hotline-general", 0)]
    everywhere = memberships({"tax": 9, "cantonese": 4}, city)
    assert sorted(everywhere) == [
        Membership("hotline-complaints", 0),
        Membership("hotline-complaints+cantonese+tax", 5),  # the least of both levels counts
        Membership("hotline-general", 0),
    ]
    assert Membership("hotline-complaints+cantonese+tax", 9) in memberships({"tax": 9}, city)


@pytest.mark.parametrize(("level", "expected"), [(9, 0), (1, 8), (0, 9), (-3, 9), (99, 0)])
def test_the_better_the_level_the_lower_the_penalty(level: int, expected: int) -> None:
    assert penalty({"tax": level}, ("tax",)) == expected
    assert penalty({"tax": level}, ()) == 0


def test_a_rule_rises_from_step_to_step() -> None:
    assert rule((Relax(0, 7), Relax(20, 1), Relax(60, 0))) == [(20, 6), (60, 1)]
    assert rule((Relax(0, 0),)) == []


def test_names_in_asterisk_lead_back_to_ours() -> None:
    name = section("general", ("cantonese", "tax"))
    assert (name, queue_of(name), wanted_of(name)) == ("hotline-general+cantonese+tax", "general", ("cantonese", "tax"))
    assert (queue_of("hotline-general"), wanted_of("hotline-general")) == ("general", ())


def test_asterisk_has_a_queue_for_each_combination_with_a_rule_and_without_the_skilled_nobody_joins(city: City) -> None:
    queues = city.queues.values()
    text = render([replace(queue, members=("1001",)) for queue in queues], [], {"complaints": of_queue(city, city.queues["complaints"])})
    plain, _, skilled = text.partition("[hotline-complaints+cantonese+tax]")
    assert "joinempty = unavailable,invalid,unknown" in plain and "member => PJSIP/1001,0,1001,PJSIP/1001" in plain
    skilled = skilled.partition("\n[")[0]
    assert "joinempty = penalty,unavailable,invalid,unknown\nleavewhenempty = unavailable,invalid,unknown" in skilled
    assert "defaultrule = hotline-complaints" in skilled and "member => PJSIP/1001,9,1001,PJSIP/1001" in skilled
    assert "[hotline-general]\npenaltychange => 20,+6\npenaltychange => 60,+1\n" in render_rules(queues)
