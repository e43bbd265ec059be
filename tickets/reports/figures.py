"""The figures of a report, counted from rows. Pure; docs/tickets.md says what each is.

A share of nothing is None: undefined, never 100 %.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from tickets.models import TYPES
from tickets.numbers import SHANGHAI
from tickets.rates import Rates, Visit, rates
from tickets.reports.period import Period
from tickets.reports.rows import Matter, Step

KINDS = ("channel", "type", "category", "organisation", "area")
PLEASED = ("satisfied", "fair")
HOTTEST, HARDEST = 10, 20
TROUBLE = {"return": "退回", "extend": "延期", "supervise": "督办", "reopen": "重办"}


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    kept: int
    of: int

    @property
    def rate(self) -> float | None:
        return self.kept / self.of if self.of else None


@dataclass(frozen=True)
class Hot:
    """A category in an area, now and in the period before."""

    category: str
    area: str
    count: int
    before: int


@dataclass(frozen=True)
class Hard:
    """A ticket that went to and fro in the period, and how often."""

    number: str
    category: str
    organisation: str
    stage: str
    troubles: dict[str, int]


@dataclass(frozen=True)
class Unit:
    """One organisation: replies on time, and what citizens said of it."""

    organisation: str
    replies: Share
    pleased: Share


@dataclass(frozen=True)
class Report:
    period: Period
    total: int
    before: int
    """Tickets of the period before."""
    by_day: dict[date, int]
    by: dict[str, dict[str, int]]
    """Kind (channel, type, …) to value to count; "" where it is not known."""
    by_before: dict[str, dict[str, int]]
    dispatched: Share
    """按时派单率: dispatches within their deadline, of those that had one."""
    replied: Share
    """按时答复率"""
    completed: Share
    """按时办结率: completions whose last reply was on time, of those that had a deadline."""
    missed: int
    """Deadlines that passed."""
    ratings: dict[str, int]
    pleased: Share
    """满意率: satisfied and fair, of those who were reached."""
    repeated: int
    """How often a matter was told again by whoever told it before."""
    hot: list[Hot]
    hard: list[Hard]
    troubles: dict[str, int]
    units: list[Unit]
    visits: Rates
    """响应率 解决率 满意率 of the return visits that ended in the period."""
    visits_by: dict[str, Rates]
    """The same by the organisation that has the ticket now."""
    floor: dict[str, float | int | None] = field(default_factory=dict)
    """The queues' figures, handed in by who knows them."""


def count(
    period: Period, now: Iterable[Matter], before: Iterable[Matter], steps: Iterable[Step], earlier: Callable[[set[str]], dict[str, bool]],
    visits: Iterable[tuple[str, Visit]] = (),
) -> Report:  # fmt: skip
    """`before`: the tickets of the period before. `earlier`: whether the last reply, before the period, of these tickets was late.
    `visits`: return visits that ended in it, each with its organisation.
    """
    here, there = _Volumes(), _Volumes()
    for matter in now:
        here.add(matter)
    for matter in before:
        there.add(matter)
    told = _Told()
    for step in steps:
        told.add(step)
    late = earlier({ticket for ticket, known in told.completed.items() if known is None}) if told.completed else {}
    asked: defaultdict[str, list[Visit]] = defaultdict(list)
    for organisation, visit in visits:
        asked[organisation].append(visit)
    ends = [late.get(ticket) if known is None else known for ticket, known in told.completed.items()]
    return Report(
        period, here.total, there.total, {day: here.days[day] for day in period.days}, here.by, there.by,
        _share(told.late["dispatch"]), _share(told.late["reply"]), _share([end for end in ends if end is not None]), told.missed,
        dict(told.ratings), _pleased(told.ratings), told.repeated, _hot(here.places, there.places), _hard(told), dict(told.troubles), _units(told),
        rates(visit for group in asked.values() for visit in group),
        {code: rates(group) for code, group in sorted(asked.items(), key=lambda one: (-len(one[1]), one[0])) if code},
    )  # fmt: skip


class _Volumes:
    """Tickets by everything they are counted by."""

    def __init__(self) -> None:
        self.total = 0
        self.days: Counter[date] = Counter()
        self._by: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.places: Counter[tuple[str, str]] = Counter()

    def add(self, matter: Matter) -> None:
        self.total += 1
        self.days[matter.created_at.astimezone(SHANGHAI).date()] += 1
        for kind in KINDS:
            self._by[kind][getattr(matter, kind)] += 1
        if matter.category:
            self.places[matter.category, matter.area] += 1

    @property
    def by(self) -> dict[str, dict[str, int]]:
        """The largest first; equal ones by name, so that the same rows make the same report."""
        return {kind: dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))) for kind, counts in self._by.items()}


class _Told:
    """What history says."""

    def __init__(self) -> None:
        self.late: defaultdict[str, list[bool]] = defaultdict(list)
        self.completed: dict[str, bool | None] = {}
        self.ratings: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.missed = self.repeated = 0
        self.of_tickets: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.last: dict[str, Step] = {}
        self.units: defaultdict[str, tuple[list[bool], Counter[str]]] = defaultdict(lambda: ([], Counter()))
        self._replies: dict[str, bool] = {}

    def add(self, step: Step) -> None:
        self.missed += step.event == "deadline_missed"
        self.repeated += step.event == "repeated"
        if step.event != "moved":
            return
        late, ratings = self.units[step.organisation]
        if step.late is not None:
            self.late[step.move].append(step.late)
        if step.move == "reply" and step.late is not None:
            self._replies[step.ticket] = step.late
            late.append(step.late)
        if step.move == "complete":
            self.completed[step.ticket] = self._replies.get(step.ticket)
        if step.move == "rate":
            self.ratings[step.rating] += 1
            ratings[step.rating] += 1
        if step.move in TROUBLE:
            self.troubles[step.move] += 1
            self.of_tickets[step.ticket][step.move] += 1
            self.last[step.ticket] = step


def _share(late: Iterable[bool]) -> Share:
    found = list(late)
    return Share(found.count(False), len(found))


def _pleased(ratings: Counter[str]) -> Share:
    return Share(sum(ratings[name] for name in PLEASED), sum(number for name, number in ratings.items() if name != "unreachable"))


def _hot(now: Counter[tuple[str, str]], before: Counter[tuple[str, str]]) -> list[Hot]:
    ordered = sorted(now.items(), key=lambda one: (-one[1], one[0]))[:HOTTEST]
    return [Hot(category, area, number, before[category, area]) for (category, area), number in ordered]


def _hard(told: _Told) -> list[Hard]:
    ordered = sorted(told.of_tickets.items(), key=lambda one: (-one[1].total(), told.last[one[0]].number))[:HARDEST]
    return [Hard(step.number, step.category, step.organisation, step.stage, dict(counts)) for ticket, counts in ordered for step in (told.last[ticket],)]


def _units(told: _Told) -> list[Unit]:
    found = [Unit(code, _share(late), _pleased(ratings)) for code, (late, ratings) in told.units.items() if code and (late or ratings)]
    return sorted(found, key=lambda unit: (-unit.replies.of, unit.organisation))


TYPE_NAMES = TYPES | {"": "未知"}
