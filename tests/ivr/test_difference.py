"""What a version changed, in words that somebody reads a year later."""

from __future__ import annotations

import pytest

from ivr.difference import words
from ivr.loading import load
from tests.ivr.cities import good_city, good_texts, replaced


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("menus", "queue: complaints", "queue: general", ["node 12345-1-1: queue complaints -> general"]),
        ("menus", "    greeting: welcome\n", "", ["node 12345: greeting welcome -> nothing"]),
        ("menus", "[about, hours]", "[hours]", ["node 12345-4: prompt about, hours -> hours"]),
        ("menus", '"4": 12345-4\n', '"4": 12345-4\n      "9": 12345-1\n', ["node 12345: key 9 nothing -> 12345-1"]),
        ("menus", "kind: fax", "kind: fax\n    type: praise", ["node 12345-2: type nothing -> praise"]),
        ("menus", "fax: 12345-2\n", "", ["fax 12345-2 -> nothing"]),
        ("queues", "wait_seconds: 45", "wait_seconds: 90", ["queue general: wait_seconds 45 -> 90"]),
        ("hours", "mon-fri 08:30-12:00", "mon-tue 09:00-12:00",
         ["hours office mon tue wed thu fri 08:30-12:00, mon tue wed thu fri sun 13… -> mon tue 09:00-12:00, mon tue wed thu fri sun 13:30-17:30"]),
        ("numbers", '"12366": 12345-1-2', '"12319": 12345-1-2', ["number 12366 12345-1-2 -> nothing", "number 12319 nothing -> 12345-1-2"]),
        ("numbers", '"0546"', '"0531"', ["area_code 0546 -> 0531"]),
        ("prompts", "goodbye: 再见。", "goodbye: 再会。", ["prompt goodbye 再见。 -> 再会。"]),
    ],
)  # fmt: skip
def test_each_change_is_a_line(file: str, old: str, new: str, said: list[str]) -> None:
    assert list(words(good_city(), load(replaced(file, old, new)))) == said


def test_nodes_come_go_and_become_something_else() -> None:
    menus = good_texts()["menus.yaml"]
    more = menus.replace('"4": 12345-4\n', '"4": 12345-4\n      "5": 12345-5\n') + "  12345-5: {name: New, kind: hang-up}\n"
    other = menus.replace("    kind: hang-up\n", "    kind: voicemail\n    type: help\n")
    assert list(words(good_city(), good_city(menus=more))) == ["node 12345: key 5 nothing -> 12345-5", "node 12345-5 added"]
    assert list(words(good_city(menus=more), good_city())) == ["node 12345: key 5 12345-5 -> nothing", "node 12345-5 removed"]
    assert list(words(good_city(), good_city(menus=other))) == ["node 12345-1-3: HangUp -> Voicemail"]


def test_comments_and_order_change_nothing() -> None:
    assert words(good_city(), good_city(prompts="# rewritten\n" + "\n".join(reversed(good_texts()["prompts.yaml"].splitlines())))) == ()
