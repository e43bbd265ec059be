"""What people are doing, by the rule alone: every kind of call ends in the same rest, nothing sticks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queues.model import AgentState as S
from queues.names import AFTER_CALL_WORK, IN_CALL, MISSED, TOO_MANY_MISSED
from queues.shift_rows import taken_back
from queues.standing import Standing

NOW = 1_000_000.0


def li(**how: object) -> Standing:
    made = Standing(login="li", name="李明", work_number="7", phone="1001", memberships={"hotline-general": 0, "hotline-general+tax": 2}, device=S.FREE, since=NOW)
    made.look(NOW)
    return replace(made, **how)  # type: ignore[arg-type]


def doing(standing: Standing, now: float) -> tuple[S, str, tuple[bool, str]]:
    standing.look(now)
    return standing.state, standing.why, standing.wants_pause()


def test_from_ring_to_rest_to_free_there_is_no_moment_in_which_another_queue_may_ring() -> None:
    agent = li()
    agent.legs, agent.device, agent.queue = {"1.2": "5"}, S.TALKING, "general"
    assert doing(agent, NOW) == (S.RINGING, "general", (False, ""))
    agent.begins_talking("1.1")
    assert doing(agent, NOW + 3) == (S.TALKING, "general", (True, IN_CALL))
    agent.legs, agent.device = {}, S.FREE
    agent.stops_talking(NOW + 60, rest_seconds=10)
    assert doing(agent, NOW + 60) == (S.AFTER_CALL_WORK, "general", (True, AFTER_CALL_WORK))
    assert agent.until == NOW + 70 == agent.next_look() and agent.since == NOW + 60 and agent.linkedid == "1.1"
    assert doing(agent, NOW + 69.9)[0] is S.AFTER_CALL_WORK
    assert doing(agent, NOW + 70) == (S.AVAILABLE, "", (False, "")) and agent.linkedid == "" and agent.next_look() is None


def test_the_rest_is_ended_early_and_a_queue_without_rest_has_none() -> None:
    agent = li()
    agent.begins_talking("1.1")
    agent.stops_talking(NOW, 10)
    agent.is_ready()
    assert doing(agent, NOW) == (S.AVAILABLE, "", (False, ""))
    agent.begins_talking("1.1")
    agent.stops_talking(NOW, 0)
    assert doing(agent, NOW)[0] is S.AVAILABLE


def test_a_break_asked_for_in_a_call_begins_after_the_rest() -> None:
    agent = li(legs={"1.2": "6"})
    agent.begins_talking("1.1")
    agent.takes_break("meal", NOW + 600)
    assert doing(agent, NOW) == (S.TALKING, "", (True, "meal")), "app_queue is told at once"
    agent.legs = {}
    agent.stops_talking(NOW + 60, 10)
    assert doing(agent, NOW + 60)[0] is S.AFTER_CALL_WORK
    assert doing(agent, NOW + 70) == (S.PAUSED, "meal", (True, "meal"))
    assert (agent.until, agent.next_look(), agent.over_limit) == (NOW + 600, NOW + 600, False)
    assert agent.look(NOW + 600) and agent.over_limit and agent.next_look() is None
    assert agent.since == NOW + 70, "too long is still the same break"
    assert not agent.look(NOW + 700)


def test_missed_calls_sit_out_and_then_pause_until_they_say_they_are_there() -> None:
    agent = li()
    agent.misses(NOW, 5, 2, TOO_MANY_MISSED)
    assert doing(agent, NOW) == (S.PAUSED, MISSED, (True, MISSED)) and agent.next_look() == NOW + 5
    assert doing(agent, NOW + 5)[0] is S.AVAILABLE
    agent.misses(NOW + 20, 5, 2, TOO_MANY_MISSED)
    assert doing(agent, NOW + 9999) == (S.PAUSED, TOO_MANY_MISSED, (True, TOO_MANY_MISSED))
    agent.is_ready()
    agent.misses(NOW, 0, 2, TOO_MANY_MISSED)
    assert doing(agent, NOW) == (S.AVAILABLE, "", (False, "")), "ringing everybody: nobody sits out, and it counts anew"
    agent.misses(NOW, 5, 0, TOO_MANY_MISSED)
    agent.begins_talking("1.1")
    assert agent.missed == 0


@pytest.mark.parametrize("before", [S.AVAILABLE, S.RINGING, S.PAUSED])
def test_a_phone_that_is_gone_makes_unavailable_whatever_else_is_so(before: S) -> None:
    agent = li(legs={"1.2": "5"} if before is S.RINGING else {})
    if before is S.PAUSED:
        agent.takes_break("meal", None)
    assert doing(agent, NOW)[0] is before
    agent.unreachable = True
    assert doing(agent, NOW)[:2] == (S.UNAVAILABLE, "phone")
    agent.unreachable, agent.device = False, S.LOGGED_OUT
    assert doing(agent, NOW)[:2] == (S.UNAVAILABLE, "phone")
    agent.device, agent.legs = S.FREE, {}
    assert doing(agent, NOW)[0] is (S.PAUSED if before is S.PAUSED else S.AVAILABLE)


def test_nobody_rings_or_talks_without_a_channel() -> None:
    for device in (S.RINGING, S.TALKING):
        assert doing(li(device=device), NOW)[0] is S.AVAILABLE


REST = 10


@pytest.mark.parametrize(
    ("was", "paused", "talks", "then", "reason"),
    [
        ({"state": S.AVAILABLE}, "", "", S.AVAILABLE, ""),
        ({"state": S.TALKING, "why": "general"}, IN_CALL, "1.1", S.TALKING, IN_CALL),
        ({"state": S.TALKING, "why": "general"}, IN_CALL, "", S.AFTER_CALL_WORK, AFTER_CALL_WORK),
        ({"state": S.TALKING, "why": "general"}, "", "", S.AVAILABLE, ""),
        ({"state": S.AFTER_CALL_WORK, "why": "general", "until": NOW + 4}, AFTER_CALL_WORK, "", S.AFTER_CALL_WORK, AFTER_CALL_WORK),
        ({"state": S.AFTER_CALL_WORK, "why": "general", "until": NOW - 4}, AFTER_CALL_WORK, "", S.AVAILABLE, ""),
        ({"state": S.AVAILABLE}, "meal", "", S.PAUSED, "meal"),
        ({"state": S.PAUSED, "why": "meal", "until": NOW + 60}, "meal", "", S.PAUSED, "meal"),
        ({"state": S.PAUSED, "why": "meal", "until": NOW + 60}, "", "", S.AVAILABLE, ""),
        ({"state": S.PAUSED, "why": MISSED}, MISSED, "", S.AVAILABLE, ""),
    ],
)
def test_after_a_restart_the_table_says_who_and_asterisk_says_what(was: dict[str, object], paused: str, talks: str, then: S, reason: str) -> None:
    agent = li(**was, since=NOW - 30, legs={"1.2": "6"} if talks else {}, device=S.TALKING if talks else S.FREE)
    taken_back(agent, paused, talks, REST, NOW)
    agent.look(NOW)
    assert (agent.state, agent.wants_pause()[1]) == (then, reason)
    if then is was["state"] and agent.why == was.get("why", ""):
        assert agent.since == NOW - 30, "since when is not forgotten"
    if was.get("until") == NOW + 60 and then is S.PAUSED:
        assert agent.until == NOW + 60
