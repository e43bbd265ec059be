"""What somebody who is logged in is doing, and why: from what their phone does, what they asked for, and the clock. Pure.

    paused     they asked for a break, or missed too many calls         talking, on_hold   their phone says so
    ringing    their phone says so                                      after_call_work    a call ended a moment ago
    available  none of these                                            unavailable        their phone cannot be reached
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from queues.model import AgentState
from queues.names import AFTER_CALL_WORK, IN_CALL, MISSED, queue_of

NO_PHONE = "phone"  # why somebody is unavailable
BUSY = (AgentState.TALKING, AgentState.ON_HOLD)
# ChannelState (include/asterisk/channelstate.h): 4 they dial, 5 their phone rings, 6 up
RINGS, TALKS = "5", frozenset("46")


@dataclass
class Standing:
    """One person at one phone, from log-in to log-out; times in Unix seconds."""

    login: str
    name: str
    work_number: str
    phone: str
    memberships: Mapping[str, int]
    """Asterisk's queues and the penalty in each."""
    skills: Mapping[str, int] = field(default_factory=dict)
    wrapup_seconds: int | None = None
    """Their own; None: the queue's."""
    logged_in_at: float = 0.0
    state: AgentState = AgentState.AVAILABLE
    why: str = ""
    since: float = 0.0
    until: float | None = None
    over_limit: bool = False
    linkedid: str = ""
    on_break: str = ""
    """The reason they gave; it holds until they are ready again."""
    break_until: float | None = None
    rests_until: float | None = None
    sits_out_until: float | None = None
    """After a call they missed: so that it moves on to others."""
    missed: int = 0
    """Calls in a row that rang here in vain."""
    queue: str = ""
    """Whose call it is or was; empty: none of a queue's."""
    in_conversation: bool = False
    device: AgentState = AgentState.UNKNOWN
    unreachable: bool = False
    legs: dict[str, str] = field(default_factory=dict)
    """Of their phone's channels by uniqueid: Asterisk's ChannelState. The device's own state says busy from the first ring
    on (device_state_busy_at), so only the channels tell ringing from talking."""
    held: bool = False

    @property
    def queues(self) -> set[str]:
        return {queue_of(section) for section in self.memberships}

    @property
    def pause_reason(self) -> str:
        return self.wants_pause()[1]

    def wants_pause(self) -> tuple[bool, str]:
        """Whether app_queue must not ring them, and the reason it is given."""
        if self.on_break:
            return True, self.on_break
        if self.in_conversation:
            return True, IN_CALL
        if self.rests_until is not None:
            return True, AFTER_CALL_WORK
        return (True, MISSED) if self.sits_out_until is not None else (False, "")

    def look(self, now: float) -> bool:
        """What they are doing at this moment; True where that is another thing than before."""
        if self.rests_until is not None and self.rests_until <= now:
            self.rests_until = None
        if self.sits_out_until is not None and self.sits_out_until <= now:
            self.sits_out_until = None
        before = self.state, self.why, self.over_limit
        self.state, self.why, self.until = self._doing()
        self.over_limit = self.state is AgentState.PAUSED and self.until is not None and self.until <= now
        if (self.state, self.why) != before[:2]:
            self.since = now
        if self.state not in (*BUSY, AgentState.RINGING, AgentState.AFTER_CALL_WORK):
            self.linkedid = ""
        return (self.state, self.why, self.over_limit) != before

    def next_look(self) -> float | None:
        """When the clock alone will change something."""
        limit = self.break_until if self.on_break and not self.over_limit else None
        return min((at for at in (self.rests_until, self.sits_out_until, limit) if at is not None), default=None)

    def begins_talking(self, linkedid: str) -> None:
        self.in_conversation, self.linkedid, self.missed = True, linkedid, 0
        self.rests_until = self.sits_out_until = None

    def stops_talking(self, now: float, rest_seconds: int) -> None:
        """Their phone has no call any more, however it ended: hung up by either, handed on, taken over."""
        self.in_conversation = self.held = False
        self.rests_until = now + rest_seconds if rest_seconds > 0 else None

    def misses(self, now: float, sit_out_seconds: float, limit: int, reason: str) -> None:
        """A call rang in vain; after `limit` in a row (0: never) they are on a break that nobody asked for."""
        self.missed += 1
        if limit and self.missed >= limit:
            self.on_break, self.break_until = reason, None
        elif sit_out_seconds > 0:
            self.sits_out_until = now + sit_out_seconds

    def takes_break(self, reason: str, until: float | None) -> None:
        self.on_break, self.break_until = reason, until

    def is_ready(self) -> None:
        """Ends a break and the work after a call."""
        self.on_break, self.break_until, self.rests_until, self.sits_out_until, self.missed = "", None, None, None, 0

    def _doing(self) -> tuple[AgentState, str, float | None]:
        if self.unreachable or self.device is AgentState.LOGGED_OUT:
            return AgentState.UNAVAILABLE, NO_PHONE, None
        if self.in_conversation:
            return AgentState.ON_HOLD if self.held else AgentState.TALKING, self.queue, None
        if RINGS in self.legs.values():
            return AgentState.RINGING, self.queue, None
        if not TALKS.isdisjoint(self.legs.values()):
            return AgentState.TALKING, self.queue, None
        if self.rests_until is not None:
            return AgentState.AFTER_CALL_WORK, self.queue, self.rests_until
        if self.on_break:
            return AgentState.PAUSED, self.on_break, self.break_until
        if self.sits_out_until is not None:
            return AgentState.PAUSED, MISSED, self.sits_out_until
        return AgentState.AVAILABLE, "", None
