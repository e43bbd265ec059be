"""What a transfer can reach is one extension each, and nothing a city or a phone is called can make it another."""

from __future__ import annotations

from hotline import transfers
from hotline.phones import Phone
from tests.ivr.cities import good_city

TEXT = """
outside:
  police: {name: 公安, number: "110"}
  shelter: {name: 救助站, number: "05461234567", short: "81"}
queues: {"1002": general, "72": complaints}
"""
PHONES = [Phone("agent-1", "secret-secret"), Phone("1002", "secret-secret")]


def test_phones_queues_and_listed_numbers_are_reached_and_nothing_else() -> None:
    found = transfers.reachable(good_city(transfers=TEXT), PHONES)
    assert [one.exten for one in found] == ["p-agent-1", "p-1002", "q-complaints", "q-general", "n-police", "n-shelter"]
    assert [one.number for one in found if one.number] == ["110", "05461234567"]


def test_where_two_are_dialled_alike_the_phone_comes_first() -> None:
    dialled = {one.exten: one.target for one in transfers.aliases(good_city(transfers=TEXT), PHONES)}
    assert dialled == {
        "agent-1": "p-agent-1", "1002": "p-1002", "72": "q-complaints", "110": "n-police", "81": "n-shelter", "05461234567": "n-shelter",
    }  # fmt: skip


def test_a_city_without_the_file_lets_agents_reach_each_other_only() -> None:
    assert {one.kind for one in transfers.reachable(good_city(), PHONES)} == {"agent", "queue"}


def test_outside_the_hotlines_number_is_shown() -> None:
    assert transfers.shown(good_city()) == "12345"
