"""What waiting callers are told, against what came true in a simulated queue."""

from __future__ import annotations

import statistics

import pytest

from bench.waiting import HANDLE, Shift, simulated
from ivr.prompts import of_wait
from queues.estimate import Crowd, agents, handle_seconds, minutes, wait_seconds


@pytest.mark.parametrize(("servers", "load", "shape"), [(3, 0.9, 1.0), (20, 0.97, 1.0), (20, 1.1, 1.0), (10, 1.05, 4.0), (100, 1.05, 2.0)])
def test_the_estimate_comes_true_on_average(servers: int, load: float, shape: float) -> None:
    found = simulated(Shift(servers, load, shape), seed=servers)
    assert len(found) > 500
    bias = statistics.mean(guess for guess, _ in found) / statistics.mean(true for _, true in found)
    assert 0.85 <= bias <= 1.2, f"estimated {bias:.2f} of what came true"


@pytest.mark.parametrize(("servers", "load"), [(10, 1.05), (20, 1.1)])
def test_what_is_said_is_kept_for_most(servers: int, load: float) -> None:
    """`about N minutes`: of those who wait longer than a minute, nine of ten wait no longer than half as long again."""
    found = [(guess, true) for guess, true in simulated(Shift(servers, load, 2.0), seed=7) if minutes(guess) > 1]
    kept = sum(true <= minutes(guess) * 60 * 1.5 for guess, true in found) / len(found)
    assert kept >= 0.9, f"{kept:.2f} of {len(found)}"


def test_nobody_there_is_no_estimate() -> None:
    assert wait_seconds(Crowd(1, 0), HANDLE) is None


def test_an_agent_who_is_free_is_no_wait() -> None:
    assert wait_seconds(Crowd(1, 3, free=1), HANDLE) == 0


def test_few_measured_calls_do_not_turn_the_estimate_over() -> None:
    assert handle_seconds([], 180) == 180
    assert handle_seconds([1800], 180) == pytest.approx(450)
    assert handle_seconds([60] * 500, 180) == pytest.approx(70.9, abs=0.1)


def test_an_agent_of_two_busy_queues_is_half_an_agent() -> None:
    taken = [("general",), ("general", "tax"), ("tax",), ("general", "other")]
    assert agents("general", taken, ["general", "tax"]) == 2.5
    assert agents("tax", taken, ["tax"]) == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "wait-1"), (59, "wait-1"), (71, "wait-2"), (130, "wait-2"), (150, "wait-3"), (400, "wait-10"), (2000, "wait-30"), (4000, "wait-long")],
)
def test_minutes_are_round(seconds: float, said: str) -> None:
    assert of_wait(minutes(seconds)) == said
