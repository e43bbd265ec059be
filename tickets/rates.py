"""响应率 解决率 满意率 (Beijing's regulation, Art. 32): the three rates of return visits. Pure; docs/figures.md defines them.

A rate of nothing is None, never 0 and never 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Visit:
    """What one return visit says. `in_time`: the reply before it; None where nothing had a deadline."""

    in_time: bool | None
    solved: str
    satisfied: str


@dataclass(frozen=True)
class Rates:
    """Each rate with how many it is of."""

    visits: int
    response: float | None
    response_of: int
    solution: float | None
    solution_of: int
    satisfaction: float | None
    satisfaction_of: int


def rates(visits: Iterable[Visit]) -> Rates:
    """Of any visits, such as those of a month."""
    every = list(visits)
    replied = [visit.in_time for visit in every if visit.in_time is not None]
    solved = [visit.solved == "yes" for visit in every if visit.solved]
    content = [visit.satisfied in ("satisfied", "fair") for visit in every if visit.satisfied]
    return Rates(len(every), _share(replied), len(replied), _share(solved), len(solved), _share(content), len(content))


def _share(yes: list[bool]) -> float | None:
    return sum(yes) / len(yes) if yes else None
