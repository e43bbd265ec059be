"""Who takes which callers: Asterisk's queues with an agent's penalty in each, from the agent's skills (ADR 0077). Pure.

app_queue knows no skills, but members with penalties and callers whose highest penalty rises while they wait. So each
combination of skills that callers of a queue can need is one more queue of Asterisk's, `hotline-general+tax`, with the
same members; how well a member fits is the penalty there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivr.model import City, Queue
from ivr.needs import Wanted, of_queue
from ivr.queueing import BEST_LEVEL, Relax
from queues.names import section

ANYONE = BEST_LEVEL  # the penalty of a member who lacks a wanted skill; members who have it are at 0 to 8


@dataclass(frozen=True, order=True, slots=True)
class Membership:
    """One queue of Asterisk's and the penalty in it."""

    section: str
    penalty: int


def memberships(skills: Mapping[str, int], city: City) -> list[Membership]:
    """Where an agent with these skills (name -> level 1 to 9; languages and dialects are skills too) is a member."""
    return [membership for queue in city.queues.values() if takes(queue, skills) for membership in _in(queue, skills, city)]


def takes(queue: Queue, skills: Mapping[str, int]) -> bool:
    """Whether the agent belongs to this queue at all: one that names no skills takes everybody."""
    return not queue.skills or any(skills.get(skill, 0) > 0 for skill in queue.skills)


def sections(queue: Queue, city: City) -> list[tuple[str, Wanted]]:
    """Every queue of Asterisk's that stands for this one, and what its callers need; the plain one first."""
    return [(section(queue.name), ()), *((section(queue.name, wanted), wanted) for wanted in of_queue(city, queue))]


def penalty(skills: Mapping[str, int], wanted: Wanted) -> int:
    """0 where the agent is at the best level in all that is wanted (or nothing is), `ANYONE` where something is lacking."""
    return BEST_LEVEL - min((max(0, min(BEST_LEVEL, skills.get(skill, 0))) for skill in wanted), default=BEST_LEVEL)


def highest(step: Relax) -> int:
    """The highest penalty that will do at this step: QUEUE_MAX_PENALTY."""
    return BEST_LEVEL - step.level


def rule(relax: Iterable[Relax]) -> list[tuple[int, int]]:
    """After how many seconds QUEUE_MAX_PENALTY rises by how much: a rule of queuerules.conf, without its beginning."""
    steps = list(relax)
    return [(later.seconds, highest(later) - highest(step)) for step, later in zip(steps, steps[1:], strict=False)]


def _in(queue: Queue, skills: Mapping[str, int], city: City) -> list[Membership]:
    return [Membership(name, penalty(skills, wanted)) for name, wanted in sections(queue, city)]
