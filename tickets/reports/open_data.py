"""What a city may publish of its tickets: counts of groups, never a ticket; groups smaller than `least` are in no line.

One table only, and no totals: with a total beside it, a missing group could be worked out. Small groups are put together
with others of their month until enough are in one; what is still too few is left out. No ids, no free text, no place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tickets.reports.pages import Names
from tickets.reports.period import Period
from tickets.reports.rows import Matter

LEAST = 10
SMALLEST_ALLOWED = 5
OTHER = "其他"
COLUMNS = ("month", "channel", "type", "category", "count")


@dataclass(frozen=True)
class Group:
    """So many tickets of one month, channel, type and category."""

    month: str
    channel: str
    type: str
    category: str
    count: int


def groups(period: Period, found: Iterable[Matter], names: Names, least: int = LEAST) -> list[Group]:
    """Every line counts at least `least` tickets. Raises ValueError for a `least` that hides nobody."""
    if least < SMALLEST_ALLOWED:
        raise ValueError(f"groups of fewer than {SMALLEST_ALLOWED} hide nobody")
    counts = Counter((one.channel, one.type, one.category) for one in found)
    for hidden in (2, 1, 0):  # category, then type, then channel
        counts = _joined(counts, hidden, least)
    lines = [
        Group(period.name, _name(names, "channel", channel), _name(names, "type", kind), _name(names, "category", category), number)
        for (channel, kind, category), number in counts.items()
        if number >= least
    ]
    return sorted(lines, key=lambda line: (line.month, line.channel, line.type, line.category))


def rows(found: Sequence[Group]) -> list[tuple[str, str, str, str, int]]:
    return [(line.month, line.channel, line.type, line.category, line.count) for line in found]


def _joined(counts: Counter[tuple[str, str, str]], hidden: int, least: int) -> Counter[tuple[str, str, str]]:
    """Small groups lose one thing that tells them apart."""
    joined: Counter[tuple[str, str, str]] = Counter()
    for key, number in counts.items():
        joined[key if number >= least else (*key[:hidden], OTHER, *key[hidden + 1 :])] += number  # type: ignore[index]
    return joined


def _name(names: Names, kind: str, code: str) -> str:
    return code if code == OTHER else names.of(kind, code)
