"""What a supervisor must know at once: rules over the picture and the figures, with hysteresis. Pure; the clock is given.

    board = Board()
    for change in board.look(Reading(now, …), limits): …     # raised or ended, each once
    board.acknowledge("nobody:complaints", "supervisor li", now)

What is not known raises nothing and ends nothing: without a link to Asterisk the alarms of queues stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from ivr.alarming import Limits


class Kind(StrEnum):
    """What is wrong; docs/operator.md says what to do."""

    NOBODY = "nobody"
    WAITING = "waiting"
    CONNECTION = "connection"
    SERVICE = "service"
    MESSAGE = "message"
    PAUSE = "pause"
    DEADLINE = "deadline"
    SURGE = "surge"


TITLES = {
    Kind.NOBODY: "队列无人在岗 nobody is logged in to the queue",
    Kind.WAITING: "来电等候超时 a caller waits too long",
    Kind.CONNECTION: "接通率低于标准 connection rate of the last 24 hours",
    Kind.SERVICE: "服务水平低于目标 service level",
    Kind.MESSAGE: "留言超时未处理 the oldest message is too old",
    Kind.PAUSE: "示忙超时 a pause is too long",
    Kind.DEADLINE: "工单超期 a ticket is past its deadline",
    Kind.SURGE: "突发集中诉求 many callers with one matter at one place",
}
EVERYWHERE = "all"
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A share from 0 to 1 of so many calls; None of none."""

    share: float | None
    calls: int


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One queue at this moment; `oldest_at`: when the caller who waits longest came."""

    name: str
    logged_in: int
    oldest_at: float | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """An agent on a break; without a limit of the reason's own, the city's counts."""

    agent: str
    since: float
    limit_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """A ticket past the deadline of its stage."""

    ticket: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Surge:
    """Many callers with one matter at one place, as `matter` names both; it goes on."""

    matter: str
    began_at: float
    callers: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known at one moment, in Unix seconds. None: not known now."""

    now: float
    queues: tuple[QueueNow, ...] | None = None
    paused: tuple[Paused, ...] | None = None
    connection: Rate | None = None
    service: Mapping[str, Rate] | None = None
    """By queue."""
    oldest_message_at: float | None = None
    """0: there is none."""
    late: tuple[Late, ...] | None = None
    surges: tuple[Surge, ...] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is watched: beyond its limit, well within it, or between the two, where nothing changes."""

    kind: Kind
    subject: str
    value: float
    limit: float
    bad: bool
    good: bool
    since: float
    hold_seconds: float = 0.0
    """Bad for so long before it is told."""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong since then. `value` and `limit` are seconds, a share, or callers of a surge."""

    key: str
    kind: Kind
    subject: str
    since: float
    value: float
    limit: float
    acknowledged_by: str = ""
    acknowledged_at: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"title": TITLES[self.kind]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, ValueError, TypeError for what is none."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__} | {"kind": Kind(data["kind"])})


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm has begun, or is over."""

    raised: bool
    alarm: Alarm


class NoSuchAlarm(LookupError):
    """It is over, or never was."""


@dataclass
class Board:
    """The alarms that are on, by key."""

    alarms: dict[str, Alarm] = field(default_factory=dict)
    _bad_since: dict[str, float] = field(default_factory=dict)
    _good_since: dict[str, float] = field(default_factory=dict)

    def look(self, reading: Reading, limits: Limits) -> list[Change]:
        """Takes in what is known now; what has changed by it."""
        signals = {signal.key: signal for signal in watch(reading, limits)}
        known = _known(reading)
        changes = [change for signal in signals.values() if (change := self._one(signal, reading.now, limits))]
        for key, alarm in list(self.alarms.items()):
            if key not in signals and alarm.kind in known:  # the queue is gone, the agent is back
                changes += self._well(key, reading.now, limits)
        for key in self._bad_since.keys() - signals.keys():
            if Kind(key.partition(":")[0]) in known:
                del self._bad_since[key]
        return changes

    def acknowledge(self, key: str, by: str, now: float) -> Alarm:
        """Somebody has seen it; the first one counts. Raises NoSuchAlarm."""
        if key not in self.alarms:
            raise NoSuchAlarm(key)
        if not self.alarms[key].acknowledged_by:
            self.alarms[key] = replace(self.alarms[key], acknowledged_by=by, acknowledged_at=now)
        return self.alarms[key]

    def _one(self, signal: Signal, now: float, limits: Limits) -> Change | None:
        key = signal.key
        if key in self.alarms:
            self.alarms[key] = replace(self.alarms[key], value=signal.value, limit=signal.limit)
            if not signal.good:
                self._good_since.pop(key, None)
                return None
            return next(iter(self._well(key, now, limits)), None)
        if not signal.bad:
            self._bad_since.pop(key, None)
            return None
        since = self._bad_since.setdefault(key, min(signal.since, now))
        if now - since < signal.hold_seconds:
            return None
        del self._bad_since[key]
        alarm = self.alarms[key] = Alarm(key, signal.kind, signal.subject, since, signal.value, signal.limit)
        return Change(True, alarm)

    def _well(self, key: str, now: float, limits: Limits) -> list[Change]:
        """All is well here; after a while that ends the alarm."""
        if now - self._good_since.setdefault(key, now) < limits.clear_seconds:
            return []
        del self._good_since[key]
        return [Change(False, self.alarms.pop(key))]


def watch(reading: Reading, limits: Limits) -> Iterator[Signal]:
    """Everything that can be judged of this reading."""
    for queue in reading.queues or ():
        here = queue.logged_in > 0
        yield Signal(Kind.NOBODY, queue.name, 0.0 if here else 1.0, 0.0, not here, here, reading.now, limits.nobody_seconds)
        yield _longer(Kind.WAITING, queue.name, reading.now, queue.oldest_at, limits.waiting_seconds)
    for paused in reading.paused or ():
        most = limits.pause_minutes * 60 if paused.limit_seconds is None else paused.limit_seconds
        yield _longer(Kind.PAUSE, paused.agent, reading.now, paused.since, most)
    for late in reading.late or ():
        yield _longer(Kind.DEADLINE, late.ticket, reading.now, late.due_at, 0.0)
    for surge in reading.surges or ():
        yield Signal(Kind.SURGE, surge.matter, float(surge.callers), 0.0, True, False, surge.began_at)
    if reading.oldest_message_at is not None:
        yield _longer(Kind.MESSAGE, EVERYWHERE, reading.now, reading.oldest_message_at or None, limits.message_minutes * 60)
    if reading.connection is not None:
        yield _rate(Kind.CONNECTION, EVERYWHERE, reading.connection, limits.connection_percent, limits, reading.now)
    for name, rate in (reading.service or {}).items():
        yield _rate(Kind.SERVICE, name, rate, limits.service_percent, limits, reading.now)


def _longer(kind: Kind, subject: str, now: float, since: float | None, most: float) -> Signal:
    """Something lasts; too long is bad from the moment its time was up."""
    lasts = 0.0 if since is None else max(0.0, now - since)
    return Signal(kind, subject, lasts, most, lasts > most, lasts <= most, now if since is None else since + most)


def _rate(kind: Kind, subject: str, given: Rate, percent: int, limits: Limits, now: float) -> Signal:
    """A share of calls. Of too few, or of none, nothing can be said: no alarm begins, and one that is on has lost its ground."""
    least = percent / 100
    share = least if given.share is None else given.share
    enough = given.share is not None and given.calls >= limits.least_calls
    well = share >= min(1.0, least + limits.margin_percent / 100)
    return Signal(kind, subject, share, least, enough and share < least, not enough or well, now)


def _known(reading: Reading) -> set[Kind]:
    """Kinds of which this reading says everything there is: what it does not name is not there."""
    return {
        *((Kind.NOBODY, Kind.WAITING) if reading.queues is not None else ()),
        *((Kind.PAUSE,) if reading.paused is not None else ()),
        *((Kind.DEADLINE,) if reading.late is not None else ()),
        *((Kind.SURGE,) if reading.surges is not None else ()),
        *((Kind.SERVICE,) if reading.service is not None else ()),
    }  # fmt: skip
