"""The words of the live picture: agents, queues, callers who wait, calls.

None is changed once it is made. Those that events make are not `frozen` all the same: that takes three times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.model import PASSED_ON


class AgentState(StrEnum):
    """What an agent's phone is doing."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    LOGGED_OUT = "logged_out"
    UNKNOWN = "unknown"
    # Of people only; a phone that is a fixed member and needs nobody knows the others.
    AVAILABLE = "available"
    AFTER_CALL_WORK = "after_call_work"
    PAUSED = "paused"
    UNAVAILABLE = "unavailable"


# Asterisk's device states (include/asterisk/devicestate.h): 0 unknown, 1 not in use, 2 in use, 3 busy, 4 invalid,
# 5 unavailable, 6 ringing, 7 ringing while in use, 8 on hold
DEVICE_STATES = {
    "1": AgentState.FREE, "2": AgentState.TALKING, "3": AgentState.TALKING, "4": AgentState.LOGGED_OUT,
    "5": AgentState.LOGGED_OUT, "6": AgentState.RINGING, "7": AgentState.TALKING, "8": AgentState.ON_HOLD,
}  # fmt: skip


class Doing(StrEnum):
    """Where a call is."""

    MENU = "menu"
    WAITING = "waiting"
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    FAX = "fax"
    TRANSFER = "transfer"
    HANGUP = "hangup"


DECISIONS = {
    "queue": Doing.WAITING, "voicemail": Doing.VOICEMAIL, "fax": Doing.FAX,
    "transfer": Doing.TRANSFER, **dict.fromkeys(PASSED_ON, Doing.TRANSFER), "hangup": Doing.HANGUP,
}  # fmt: skip
"""HOTLINE_DECISION -> where the call is now."""

CONTEXTS = {f"hotline-{decision}": doing for decision, doing in DECISIONS.items()} | {"hotline-pass": Doing.TRANSFER}


@dataclass(slots=True)
class Member:
    """One agent's phone in one queue."""

    phone: str
    queue: str
    state: AgentState
    paused: bool = False
    pause_reason: str = ""
    calls_taken: int = 0
    last_call_at: int = 0


@dataclass(slots=True)
class Waiting:
    """A caller in a queue; `since` in Unix seconds. `place` is among those who need the same, 1 is next."""

    uniqueid: str
    queue: str
    caller: str
    since: float
    linkedid: str = ""
    needs: tuple[str, ...] = ()
    """Skills without which nobody can help."""
    priority: int = 0
    place: int = 0


@dataclass(slots=True)
class Channel:
    """One leg of a call."""

    uniqueid: str
    linkedid: str
    phone: str
    up: bool


@dataclass(slots=True)
class Call:
    """A call as one record: `linkedid` is the name of its first leg, the citizen's."""

    linkedid: str
    caller: str
    called: str
    since: float
    path: str = ""
    type: str = ""
    doing: Doing = Doing.MENU
    queue: str = ""
    agent: str = ""
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent at a phone, or a phone that needs none, over all its queues."""

    phone: str
    state: AgentState
    paused: bool
    pause_reason: str
    queues: tuple[str, ...]
    calls_taken: int
    linkedid: str = ""
    login: str = ""
    """Who it is; empty: a phone that is a fixed member."""
    name: str = ""
    work_number: str = ""
    why: str = ""
    """Of the state: a break's reason, the queue of a call, what is wrong."""
    since: float | None = None
    until: float | None = None
    """When after-call work ends, or a break should."""
    over_limit: bool = False
    """A break that has lasted longer than it should."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue as a supervisor sees it."""

    name: str
    strategy: str
    members: tuple[str, ...]
    logged_in: int
    free: int
    waiting: tuple[Waiting, ...]
