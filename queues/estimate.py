"""How long a caller will wait, from what is known now: pure, and said in round minutes, never more exactly than it is known.

The model: every agent who is there becomes free once in a handle time (talk and what comes after it), independently of
the others, so the caller at position p waits for p such moments: p x handle / agents. That is exact on average for
handle times without memory (exponential), and errs by half a handle time at most for constant ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.prompts import MINUTES

PRIOR_CALLS = 5
"""So much the city's own guess (handle_seconds) weighs beside what was measured."""
RECENT_CALLS = 50


@dataclass(frozen=True, slots=True)
class Crowd:
    """Those before whom and with whom a caller waits. `position` counts from 1; `agents` is a share: an agent who also
    takes another queue with callers in it is half an agent here."""

    position: int
    agents: float
    free: int = 0  # agents nobody talks to: they are being rung or will be at once


def handle_seconds(recent: Sequence[float], guess: float) -> float:
    """The handle time to reckon with: the mean of the last calls, drawn towards the guess while they are few."""
    known = list(recent)[-RECENT_CALLS:]
    return (sum(known) + guess * PRIOR_CALLS) / (len(known) + PRIOR_CALLS)


def wait_seconds(crowd: Crowd, handle: float) -> float | None:
    """The expected wait from now on. None where nobody can say: no agent is there."""
    if crowd.agents <= 0:
        return None
    ahead = crowd.position - crowd.free
    return max(0.0, ahead * handle / crowd.agents)


def agents(queue: str, taken: Iterable[Iterable[str]], waiting: Iterable[str]) -> float:
    """The agents of a queue, each shared among the queues they take (`taken`, an entry an agent) that have callers."""
    busy = {queue, *waiting}
    return sum(1 / len(busy & set(queues)) for queues in taken if queue in queues)


def minutes(seconds: float) -> int:
    """The round number of minutes that is said; 0 where it is beyond all of them (`wait-long`).

    A promise that is kept is better than a short one, so it is the next round number above, with a sixth of grace.
    """
    return next((known for known in MINUTES if seconds <= known * 60 * 7 / 6), 0)
