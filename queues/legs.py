"""The legs of a call from Asterisk's channel events: when each began, was answered, was joined with others, ended, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from queues.cel import CelEvent

BETWEEN = ("Surrogate/", "AsyncGoto/", "Message/")  # what Asterisk makes while it puts a leg elsewhere; the telephone keeps its name
ZOMBIE = "<"  # PJSIP/1001-00000003<ZOMBIE>, <MASQ>: what is left of a leg that goes on under another uniqueid
OUTGOING = "(Outgoing Line)"  # what app_queue and app_dial write into the legs that they place


@dataclass(slots=True)
class Stretch:
    """An application's run, or a time in a bridge."""

    name: str
    data: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Leg:
    """One telephone's end of the call. Asterisk may give it another uniqueid on the way, never another name."""

    uniqueid: str
    """The first one."""
    channel: str
    began: float
    phone: str = ""
    exten: str = ""
    is_local: bool = False
    is_placed: bool = False
    """We rang it; the others rang us."""
    answered: float | None = None
    ended: float | None = None
    lost: bool = False
    """Asterisk ended with it: nobody hung up."""
    seen: float = 0.0
    """The last we heard of it."""
    cause: int = 0
    source: str = ""
    """The channel that hung up; '' where Asterisk did."""
    apps: list[Stretch] = field(default_factory=list)
    bridges: list[Stretch] = field(default_factory=list)

    def take(self, event: CelEvent) -> None:
        """One event of this leg, in order of time."""
        self.seen = event.at
        self.is_placed = self.is_placed or event.data == OUTGOING
        match event.event:
            case "ANSWER":
                self.answered = self.answered or event.at
            case "APP_START":
                self.apps.append(Stretch(event.app, event.data, event.at))
            case "APP_END":
                _end(self.apps, event.at, event.app)
            case "BRIDGE_ENTER":
                self.bridges.append(Stretch("bridge", str(event.extra.get("bridge_id", "")), event.at))
            case "BRIDGE_EXIT":
                _end(self.bridges, event.at)
            case "HANGUP":
                cause = event.extra.get("hangupcause")
                self.cause = cause if isinstance(cause, int) else 0
                self.source = str(event.extra.get("hangupsource") or "")
                self.end(event.at)
            case "CHAN_END":
                self.end(event.at)

    def end(self, at: float) -> None:
        self.ended = self.ended or at
        for stretch in (*self.apps, *self.bridges):
            stretch.ended = stretch.ended or self.ended

    @property
    def talked(self) -> tuple[float, float | None] | None:
        """From the first time in a bridge to the last; None in the end while it goes on, or is held."""
        if not self.bridges:
            return None
        return self.bridges[0].began, self.bridges[-1].ended if self.ended is not None else None

    def together(self, other: Leg, begin: float, end: float) -> float:
        """Seconds in one bridge with the other, within that time."""
        return sum(
            max(0.0, min(mine.ended or end, theirs.ended or end, end) - max(mine.began, theirs.began, begin))
            for mine in self.bridges for theirs in other.bridges if mine.data == theirs.data
        )  # fmt: skip

    def joined(self, begin: float, end: float | None) -> float | None:
        """When it first entered a bridge within that time."""
        return next((b.began for b in self.bridges if b.began >= begin and (end is None or b.began <= end)), None)

    def went_on(self, after: float) -> bool:
        """Whether it did anything else than end."""
        return any(stretch.began > after for stretch in (*self.apps, *self.bridges))

    def runs(self, name: str) -> Iterator[Stretch]:
        return (app for app in self.apps if app.name == name)


class Legs(dict[str, Leg]):
    """By channel name, in the order in which they began."""

    def __init__(self, events: Iterable[CelEvent]) -> None:
        super().__init__()
        self._names: dict[str, str] = {}
        for event in events:
            if event.channel.startswith(BETWEEN) or ZOMBIE in event.channel:
                continue
            self._names[event.uniqueid] = event.channel
            leg = self.get(event.channel)
            if leg is None:
                leg = self[event.channel] = Leg(
                    event.uniqueid, event.channel, event.at, phone=event.phone, exten=event.exten, is_local=event.is_local
                )
            leg.take(event)

    def names(self, leg: Leg) -> set[str]:
        """The uniqueids it has had."""
        return {uniqueid for uniqueid, channel in self._names.items() if channel == leg.channel}

    def of(self, uniqueid: str) -> Leg | None:
        """The leg that has, or had, this uniqueid."""
        return self.get(self._names.get(uniqueid, ""))


def _end(stretches: list[Stretch], at: float, name: str = "") -> None:
    for stretch in reversed(stretches):
        if stretch.ended is None and name in ("", stretch.name):
            stretch.ended = at
            return
