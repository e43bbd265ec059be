"""How well a wait is foretold: the estimate that callers hear against what came true, in simulated queues."""

from __future__ import annotations

import heapq
import random
import statistics
from dataclasses import dataclass
from typing import Any

from queues.estimate import Crowd, handle_seconds, minutes, wait_seconds

HANDLE = 200.0  # seconds; the city guesses 180
GUESS = 180.0


@dataclass(frozen=True)
class Shift:
    """Agents, how much of their time is asked for, and how even handle times are (1: exponential, more: more even)."""

    agents: int
    load: float
    shape: float


SHIFTS = (Shift(3, 0.9, 1), Shift(10, 1.05, 2), Shift(20, 0.97, 1), Shift(20, 1.1, 2), Shift(100, 1.05, 2))


def simulated(shift: Shift, seed: int, calls: int = 4000) -> list[tuple[float, float]]:
    """(estimated, came true) in seconds for each caller who had to wait: Poisson arrivals, first come first served."""
    chance = random.Random(seed)
    busy = [0.0] * shift.agents  # when each agent becomes free
    measured: list[float] = []
    ends: list[tuple[float, float]] = []
    starts: list[float] = []
    found, now = [], 0.0
    for _ in range(calls):
        now += chance.expovariate(shift.load * shift.agents / HANDLE)
        while ends and ends[0][0] <= now:
            measured.append(heapq.heappop(ends)[1])
        position = sum(start > now for start in starts[-1000:]) + 1
        free = sum(end <= now for end in busy)
        handle = chance.gammavariate(shift.shape, HANDLE / shift.shape)
        start = max(now, heapq.heappop(busy))
        heapq.heappush(busy, start + handle)
        heapq.heappush(ends, (start + handle, handle))
        starts.append(start)
        if start > now:
            guess = wait_seconds(Crowd(position, shift.agents, free), handle_seconds(measured, GUESS))
            found.append((0.0 if guess is None else guess, start - now))
    return found


def measure(full: bool) -> list[dict[str, Any]]:
    """A row for each shift."""
    return [_row(shift, simulated(shift, seed=shift.agents, calls=20_000 if full else 4000)) for shift in SHIFTS]


def _row(shift: Shift, found: list[tuple[float, float]]) -> dict[str, Any]:
    longer = [(guess, true) for guess, true in found if minutes(guess) > 1]
    return {
        "agents": shift.agents,
        "load": shift.load,
        "shape": shift.shape,
        "waited": len(found),
        "mean wait s": round(statistics.mean(true for _, true in found), 1),
        "estimated / true": round(statistics.mean(guess for guess, _ in found) / statistics.mean(true for _, true in found), 3),
        "median error s": round(statistics.median(abs(guess - true) for guess, true in found), 1),
        "told and kept %": round(100 * sum(true <= minutes(guess) * 60 for guess, true in longer if minutes(guess)) / max(1, len(longer)), 1),
        "within half as long again %": round(100 * sum(true <= minutes(guess) * 90 for guess, true in longer if minutes(guess)) / max(1, len(longer)), 1),
    }
