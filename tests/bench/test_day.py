"""The simulated day against Erlang's formula, and the formula against values that are in every table of it."""

from __future__ import annotations

import pytest

from bench.day import Day, erlang_c, expected, live, measure, nearest
from queues.figures import DAY_SECONDS, figures


@pytest.mark.parametrize(("agents", "erlangs", "waits"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (10, 8.0, 0.4092), (100, 90.0, 0.2169)])
def test_erlang_c(agents: int, erlangs: float, waits: float) -> None:
    assert erlang_c(agents, erlangs) == pytest.approx(waits, rel=0.001)


def test_a_day_of_figures_is_what_erlang_says() -> None:
    day = Day(queues=2, agents=20, calls=4000, load=0.8)
    rows = measure(day)
    assert nearest(rows), rows
    level, _ = expected(day)
    busier = figures(live(Day(queues=2, agents=20, calls=4000, load=0.95)), 0, DAY_SECONDS)
    assert busier.service_level is not None and busier.service_level < level - 0.1, "it would show"
