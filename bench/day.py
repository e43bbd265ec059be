"""A day of 2000 agents and 100 000 calls through the figures, beside what Erlang C says of it.

Twenty queues of a hundred agents; calls come as they do (Poisson), conversations last as they do (exponential), nobody gives
up: the world of Erlang's formula, so its answers are the right ones. Half a day before it is lived through and not counted.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from queues.call_record import CallKind, CallRecord, Left, Outcome, Segment, SegmentKind
from queues.figure_table import rows
from queues.figures import DAY_SECONDS, figures

LEVEL_SECONDS = 20.0
WRAPUP_SECONDS = 30.0


@dataclass(frozen=True)
class Day:
    """What kind of day it is. `load`: the share of their time that agents are busy."""

    queues: int = 20
    agents: int = 100
    calls: int = 5000
    load: float = 0.92

    @property
    def handle_seconds(self) -> float:
        """So long that this many calls keep this many agents so busy."""
        return self.load * self.agents * DAY_SECONDS / self.calls


def erlang_c(agents: int, erlangs: float) -> float:
    """The share of callers who wait (Erlang 1917), by the recursion of Erlang B, which does not overflow."""
    blocked = 1.0
    for busy in range(1, agents + 1):
        blocked = erlangs * blocked / (busy + erlangs * blocked)
    return blocked / (1 - erlangs / agents * (1 - blocked))


def expected(day: Day) -> tuple[float, float]:
    """Service level within 20 s, and average speed of answer in seconds."""
    erlangs = day.load * day.agents
    waits = erlang_c(day.agents, erlangs)
    spare = day.agents - erlangs
    return 1 - waits * math.exp(-spare * LEVEL_SECONDS / day.handle_seconds), waits * day.handle_seconds / spare


def live(day: Day, seed: int = 1) -> list[CallRecord]:
    """The calls of the day, and of the half day before it (times below 0)."""
    return [call for queue in range(day.queues) for call in _queue(day, f"queue-{queue}", random.Random(seed * 1000 + queue))]


def measure(day: Day) -> list[dict[str, object]]:
    """How long the figures take, and how near they are to the formula."""
    calls = live(day)
    begin = time.process_time()
    whole = figures(calls, 0, DAY_SECONDS, level_seconds=LEVEL_SECONDS)
    took = time.process_time() - begin
    level, asa = expected(day)
    found: list[dict[str, object]] = [
        {"what": "calls offered", "figure": float(whole.offered), "Erlang C": None, "processor seconds": took},
        {"what": "service level within 20 s", "figure": whole.service_level, "Erlang C": level, "processor seconds": None},
        {"what": "average speed of answer, s", "figure": whole.average_answer_seconds, "Erlang C": asa, "processor seconds": None},
        {"what": "average handle time, s", "figure": whole.average_handle_seconds, "Erlang C": day.handle_seconds, "processor seconds": None},
    ]
    for by, step in (("queue", "whole"), ("agent", "whole"), ("all", "hour"), ("queue", "quarter-hour")):
        begin = time.process_time()
        made = rows(calls, [], 0, DAY_SECONDS, by_what=by, step=step)  # type: ignore[arg-type]
        found.append({"what": f"rows by {by}, {step}", "figure": float(len(made)), "Erlang C": None, "processor seconds": time.process_time() - begin})
    return found


def _queue(day: Day, name: str, dice: random.Random) -> list[CallRecord]:
    free = [(-DAY_SECONDS, agent) for agent in range(day.agents)]  # whoever has been free for longest answers
    at, calls = -DAY_SECONDS / 2, []
    while (at := at + dice.expovariate(day.calls / DAY_SECONDS)) < DAY_SECONDS:
        since, agent = heapq.heappop(free)
        answered = max(at, since)
        lasts = dice.expovariate(1 / day.handle_seconds)
        heapq.heappush(free, (answered + lasts, agent))
        calls.append(_call(name, f"{name}-{agent}", at, answered, lasts, len(calls)))
    return calls


def _call(queue: str, agent: str, at: float, answered: float, lasts: float, number: int) -> CallRecord:
    rest = min(WRAPUP_SECONDS, lasts / 2)
    over = answered + lasts - rest
    return CallRecord(
        f"{queue}.{number}", CallKind.INBOUND, f"138{number:08d}", "12345", at, at, over, "caller", outcome=Outcome.ANSWERED,
        segments=(
            Segment(SegmentKind.QUEUE, at, answered, queue, agent, how=Left.ANSWERED),
            Segment(SegmentKind.TALK, answered, over, queue, agent, how="caller", wrapup_seconds=rest),
        ),
    )  # fmt: skip


def nearest(measured: Sequence[dict[str, object]]) -> bool:
    """Whether the figures are Erlang's, as near as one day of chance allows: a queue this busy forgets only in hours."""
    _, level, asa, handled = measured[:4]
    return all(abs(float(row["figure"]) / float(row["Erlang C"]) - 1) < share for row, share in ((level, 0.08), (asa, 0.3), (handled, 0.02)))  # type: ignore[arg-type]
