"""Follows what Asterisk writes about calls, and gives the record of each call that something was written about.

    journal = Journal(cel, queue_log, home / "run" / "journal.json")
    for record in journal.read(now): …            # store it: the newest is the whole truth, its place is by linkedid
    journal.keep()                                # now and then, and at the end: where to read on after a restart

Lines of calls that are not over are remembered; after a restart those since the last `keep` are read again, which gives the
same records. The logs themselves stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog

from queues.agent_time import Spell, Timeline
from queues.assembly import assemble
from queues.call_record import CallRecord
from queues.cel import CelEvent, age
from queues.files import write_whole
from queues.log_file import Bookmark, LogFile
from queues.records import Record

GRACE_SECONDS = 10.0  # after a call's end, for what queue_log says later
STALE_SECONDS = 86_400.0  # a call that nothing was heard of for so long is over, whatever is missing
MOST_HOMELESS = 5_000  # lines of queue_log whose leg CEL has not named yet
HOMELESS_SECONDS = 600.0
MOST_OVER = 5_000  # legs of calls that are over: what comes for them now makes no call of its own
SCHEMA = 1

log = structlog.get_logger()


@dataclass(slots=True)
class Group:
    """What was written of one call."""

    events: list[CelEvent] = field(default_factory=list)
    lines: list[Record] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    restarted_at: float | None = None
    heard_at: float = 0.0
    over: bool = False

    def add_event(self, event: CelEvent, raw: str, now: float) -> None:
        self.events.append(event)
        self.raw.append(raw)
        self.heard_at = now

    def add_line(self, line: Record, raw: str, now: float) -> None:
        self.lines.append(line)
        self.raw.append(raw)
        self.heard_at = now


class Journal:
    """The two logs, our places in them, and the calls that are not over."""

    def __init__(self, cel: Path, queue_log: Path, kept: Path) -> None:
        self.broken_lines = 0
        self.agents = Timeline()
        self.spells: list[Spell] = []
        """What agents did, told since the last `read`."""
        self.joined: list[str] = []
        """Linkedids that became part of another call since the last `read`: their records are no more."""
        self._cel, self._queue_log, self._kept = LogFile(cel), LogFile(queue_log), kept
        self._groups: dict[str, Group] = {}
        self._of_leg: dict[str, str] = {}
        self._homeless: list[tuple[Record, str]] = []
        self._over: dict[str, None] = {}
        self._places: list[Bookmark | None] = [None, None]
        self._heard_until = 0.0
        self._load()

    @property
    def whole(self) -> bool:
        """Whether the last `read` came to the end of what there is."""
        return self._cel.whole and self._queue_log.whole

    @property
    def missed(self) -> int:
        return self._cel.missed + self._queue_log.missed

    def read(self, now: float) -> list[CallRecord]:
        """The records of calls that were written about, as they are now. Raises OSError."""
        self.joined, self.spells, touched = [], [], set()
        events, place = self._cel.read(self._places[0])
        for raw in events:
            touched.add(self._event(raw, now))
        clock = now if self._cel.whole else self._heard_until
        self._places[0] = place
        homeless, self._homeless = self._homeless, []
        for line, raw in homeless:
            touched.add(self._line(line, raw, clock))
        if self._cel.whole or len(self._homeless) < MOST_HOMELESS // 2:  # else CEL must catch up first
            lines, self._places[1] = self._queue_log.read(self._places[1])
            for raw in lines:
                touched |= self._queue_line(raw, clock)
        records = [record for name in touched & self._groups.keys() if (record := self._record(name))]
        return records + self._forget(clock)

    def _queue_line(self, raw: str, clock: float) -> set[str]:
        line = Record.parse(raw)
        if line is None:
            self.broken_lines += 1
            return set()
        restarted = self._restarted(line.at.timestamp()) if line.event == "QUEUESTART" else set()
        self.spells += self.agents.take(line)
        return restarted | {self._line(line, raw, clock)}

    def keep(self) -> None:
        """Remembers the places, and the lines of calls that are not over."""
        data = {
            "schema": SCHEMA, "places": [asdict(place) if place else None for place in self._places],
            "calls": [{"raw": group.raw, "restarted_at": group.restarted_at} for group in self._groups.values()],
            "homeless": [raw for _, raw in self._homeless], "over": list(self._over), "agents": self.agents.as_json(),
        }  # fmt: skip
        write_whole(self._kept, json.dumps(data, ensure_ascii=False))

    def _load(self) -> None:
        try:
            data = json.loads(self._kept.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                return
            self._places = [Bookmark(**place) if place else None for place in data["places"]]
            self._over = dict.fromkeys(data["over"])
            self.agents = Timeline.from_json(data["agents"])
            for call in data["calls"]:
                for raw in call["raw"]:
                    self._again(raw, call["restarted_at"])
            self._homeless = [(line, raw) for raw in data["homeless"] if (line := Record.parse(raw))]
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("journal unreadable; the logs are read from their beginning", error=repr(error))
            self._places, self._groups, self._of_leg, self._over = [None, None], {}, {}, {}

    def _again(self, raw: str, restarted_at: float | None) -> None:
        if raw.startswith('"'):
            name = self._event(raw, 0.0)
            if name in self._groups:
                self._groups[name].restarted_at = restarted_at
        elif line := Record.parse(raw):
            self._line(line, raw, 0.0)

    def _event(self, raw: str, now: float) -> str:
        """Puts one event where it belongs; returns the call's name, '' for what belongs nowhere."""
        event = CelEvent.parse(raw)
        if event is None:
            self.broken_lines += 1
            return ""
        if event.uniqueid in self._over:
            return ""
        known, named = self._of_leg.get(event.uniqueid), self._of_leg.get(event.linkedid, event.linkedid)
        name = self._join(known, named) if known and known != named else named
        self._heard_until = max(self._heard_until, event.at)
        self._of_leg[event.uniqueid] = self._of_leg[event.linkedid] = name
        self._groups.setdefault(name, Group()).add_event(event, raw, now)
        return name

    def _join(self, one: str, other: str) -> str:
        """Two calls became one: the older name stays."""
        older, younger = sorted((one, other), key=age)
        gone, stays = self._groups.pop(younger, Group()), self._groups.setdefault(older, Group())
        stays.events += gone.events
        stays.lines += gone.lines
        stays.raw += gone.raw
        for leg, name in self._of_leg.items():
            if name == younger:
                self._of_leg[leg] = older
        self.joined.append(younger)
        return older

    def _line(self, line: Record, raw: str, now: float) -> str:
        if line.callid in self._over or line.callid in ("NONE", "MANAGER", "REALTIME"):
            return ""
        name = self._of_leg.get(line.callid)
        if name is None:
            if len(self._homeless) < MOST_HOMELESS and now - line.at.timestamp() < HOMELESS_SECONDS:
                self._homeless.append((line, raw))
            return ""
        self._groups[name].add_line(line, raw, now)
        return name

    def _restarted(self, at: float) -> set[str]:
        """Asterisk began anew; it counts whole seconds, and no leg of before has a name of that second or later."""
        before = [name for name, group in self._groups.items() if not group.over and age(name)[0] < int(at)]
        for name in before:
            self._groups[name].restarted_at = at + 1.0
        return set(before)

    def _record(self, name: str) -> CallRecord | None:
        group = self._groups[name]
        record = assemble(group.events, group.lines, group.restarted_at)
        group.over = record is not None and record.ended_at is not None
        return record

    def _forget(self, now: float) -> list[CallRecord]:
        """Calls that are over, for long enough; those that went silent are ended here."""
        lost = []
        for name, group in list(self._groups.items()):
            silent = now - max(group.heard_at, group.events[-1].at)
            if not group.over and silent > STALE_SECONDS:
                group.restarted_at = now
                lost.append(self._record(name))
            if group.over and silent > GRACE_SECONDS:
                self._done(name)
        return [record for record in lost if record]

    def _done(self, name: str) -> None:
        group = self._groups.pop(name)
        names: Iterable[str] = {event.uniqueid for event in group.events} | {event.linkedid for event in group.events}
        for leg in names:
            self._of_leg.pop(leg, None)
            self._over[leg] = None
        while len(self._over) > MOST_OVER:
            self._over.pop(next(iter(self._over)))

    def waiting(self) -> dict[str, Any]:
        """How much is held, for those who look after it."""
        return {"calls": len(self._groups), "homeless": len(self._homeless), "broken_lines": self.broken_lines, "missed": self.missed}
