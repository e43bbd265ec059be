"""One call as one record, from its first leg to its last, with everything that happened to it in order of time.

Times are Unix seconds; None means not over yet. A call is known by its linkedid, the name of its first leg; calls that were
joined by a transfer are one. Records are made by `queues.assembly` from what Asterisk wrote to disk, never from AMI events.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CallKind(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    """From an agent's phone to somebody outside."""
    CALLBACK = "callback"
    """We rang a citizen who had asked for it, or had given up."""
    INTERNAL = "internal"
    """Between phones of ours."""
    PLACEHOLDER = "placeholder"
    """No caller: a leg that holds a place in a queue, listens, or announces."""


class SegmentKind(StrEnum):
    """What a stretch of a call was."""

    MENU = "menu"
    QUEUE = "queue"
    TALK = "talk"
    VOICEMAIL = "voicemail"
    FAX = "fax"
    TRANSFER = "transfer"
    """To somebody who is not in a queue of ours."""


class Left(StrEnum):
    """How a stay in a queue ended."""

    WAITING = "waiting"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    EMPTY = "empty"
    FULL = "full"
    KEY = "key"
    """The caller chose something else by a key: a message, the menu."""
    CALLBACK = "callback"
    """The caller's place is kept and they are rung."""
    MOVED = "moved"
    """A supervisor, a rule or an agent put the call elsewhere."""
    LOST = "lost"
    """Asterisk ended in mid-call."""


class Outcome(StrEnum):
    """What became of the whole call; the first that is true."""

    ANSWERED = "answered"
    """A person talked with the caller."""
    VOICEMAIL = "voicemail"
    FAX = "fax"
    CALLBACK = "callback"
    TRANSFERRED = "transferred"
    """Put through to somebody outside, without an agent of ours."""
    ABANDONED = "abandoned"
    """The caller hung up while waiting in a queue."""
    UNANSWERED = "unanswered"
    """The queue let the caller go (its limit, nobody there), or they chose to, and nothing came of it."""
    LEFT_MENU = "left_menu"
    """The caller hung up before any queue."""
    ENDED = "ended"
    """The hotline ended it: a menu's end, a block, nobody there."""
    LOST = "lost"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch. `how` says how it ended: `Left` for a queue; agent, caller, transfer, asterisk for a talk."""

    kind: SegmentKind
    began_at: float
    ended_at: float | None
    queue: str = ""
    agent: str = ""
    phone: str = ""
    how: str = ""
    hold_seconds: float = 0.0
    wrapup_seconds: float = 0.0
    detail: str = ""
    """A menu's path, the number a transfer went to, a file."""

    @property
    def seconds(self) -> float:
        return max(0.0, (self.ended_at or self.began_at) - self.began_at)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call."""

    linkedid: str
    kind: CallKind
    caller: str
    called: str
    began_at: float
    answered_at: float | None = None
    """When the line was picked up, by the menu or a person: callers' patience counts from here."""
    ended_at: float | None = None
    ended_by: str = ""
    """caller, agent, hotline, asterisk"""
    cause: int = 0
    """Q.850, of the first leg's end"""
    path: str = ""
    type: str = ""
    outcome: Outcome = Outcome.OPEN
    segments: tuple[Segment, ...] = ()
    joined: tuple[str, ...] = ()
    """Linkedids of calls that became part of this one."""

    @property
    def visits(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.kind is SegmentKind.QUEUE)

    @property
    def talks(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.kind is SegmentKind.TALK)
