"""What queue_log says of agents' time: when somebody was there, on a break, in after-call work. Pure.

ADDMEMBER and REMOVEMEMBER, PAUSE and UNPAUSE carry the member's name, which is the agent's login (ADR 0083). Phones that are
fixed members write no such lines: how long they were there is not known, and their occupancy is undefined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from queues.call_record import CallRecord, Segment, SegmentKind
from queues.names import AFTER_CALL_WORK, IN_CALL, agent_of
from queues.records import Record

WRAPUP_BEGINS_WITHIN_SECONDS = 5.0  # of the conversation's end


class SpellKind(StrEnum):
    """What an agent's time was."""

    THERE = "there"
    BREAK = "break"
    WRAPUP = AFTER_CALL_WORK


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of it; `ended_at` None: it goes on."""

    agent: str
    kind: SpellKind
    began_at: float
    ended_at: float | None = None
    reason: str = ""


@dataclass
class Timeline:
    """Agents as queue_log has told of them so far."""

    queues: dict[str, set[str]] = field(default_factory=dict)
    open: dict[str, dict[SpellKind, Spell]] = field(default_factory=dict)

    def take(self, line: Record) -> list[Spell]:
        """Spells that began or ended with this line."""
        line = replace(line, agent=agent_of(line.agent))
        match line.event:
            case "ADDMEMBER":
                self.queues.setdefault(line.agent, set()).add(line.queue)
                return self._begin(line, SpellKind.THERE)
            case "REMOVEMEMBER":
                there = self.queues.get(line.agent, set())
                there.discard(line.queue)
                return [] if there else self._end(line, *SpellKind)
            case "PAUSE" | "PAUSEALL" if line.word(0) == IN_CALL:
                return self._end(line, SpellKind.BREAK, SpellKind.WRAPUP)
            case "PAUSE" | "PAUSEALL":
                kind = SpellKind.WRAPUP if line.word(0) == AFTER_CALL_WORK else SpellKind.BREAK
                other = SpellKind.BREAK if kind is SpellKind.WRAPUP else SpellKind.WRAPUP
                return self._end(line, other) + self._begin(line, kind)
            case "UNPAUSE" | "UNPAUSEALL":
                return self._end(line, SpellKind.BREAK, SpellKind.WRAPUP)
        return []

    def _begin(self, line: Record, kind: SpellKind) -> list[Spell]:
        mine = self.open.setdefault(line.agent, {})
        if kind in mine and (kind is SpellKind.THERE or mine[kind].reason == line.word(0)):
            return []  # one line for each of the agent's queues
        ended = self._end(line, kind)
        mine[kind] = Spell(line.agent, kind, line.at.timestamp(), None, "" if kind is SpellKind.THERE else line.word(0))
        return [*ended, mine[kind]]

    def _end(self, line: Record, *kinds: SpellKind) -> list[Spell]:
        mine = self.open.get(line.agent, {})
        return [replace(mine.pop(kind), ended_at=line.at.timestamp()) for kind in kinds if kind in mine]

    def as_json(self) -> dict[str, Any]:
        return {
            "queues": {agent: sorted(there) for agent, there in self.queues.items()},
            "open": [[s.agent, s.kind, s.began_at, s.reason] for mine in self.open.values() for s in mine.values()],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        made = cls({agent: set(there) for agent, there in data["queues"].items()})
        for agent, kind, began_at, reason in data["open"]:
            made.open.setdefault(agent, {})[SpellKind(kind)] = Spell(agent, SpellKind(kind), began_at, None, reason)
        return made


def there_seconds(spells: Iterable[Spell], agent: str, begin: float, end: float) -> float:
    """Logged in and not on a break, within the interval."""
    def within(spell: Spell) -> float:
        return max(0.0, min(spell.ended_at or end, end) - max(spell.began_at, begin))

    own = [spell for spell in spells if spell.agent == agent]
    there = sum(within(spell) for spell in own if spell.kind is SpellKind.THERE)
    return max(0.0, there - sum(within(spell) for spell in own if spell.kind is SpellKind.BREAK))


def with_wrapup(calls: Iterable[CallRecord], spells: Iterable[Spell]) -> list[CallRecord]:
    """The same calls, each conversation with the after-call work that followed it."""
    after: defaultdict[str, list[Spell]] = defaultdict(list)
    for spell in spells:
        if spell.kind is SpellKind.WRAPUP and spell.ended_at is not None:
            after[spell.agent].append(spell)
    return [replace(call, segments=tuple(_wrapped(segment, after) for segment in call.segments)) for call in calls]


def _wrapped(segment: Segment, after: dict[str, list[Spell]]) -> Segment:
    if segment.kind is not SegmentKind.TALK or segment.ended_at is None or segment.agent not in after:
        return segment
    ended = segment.ended_at
    for spell in after[segment.agent]:
        if -1.0 <= spell.began_at - ended <= WRAPUP_BEGINS_WITHIN_SECONDS and spell.ended_at is not None:
            return replace(segment, wrapup_seconds=spell.ended_at - spell.began_at)
    return segment
