"""The prompts every hotline needs, whatever its menus: said by the flow, or by the part of the dialplan all cities share."""

from __future__ import annotations

from ivr.model import City

FLOW = ("nomatch", "noinput")
SHARED = (
    "recording-notice",
    "all-busy",
    "offer-voicemail",
    "voicemail-notice",
    "voicemail-received",
    "voicemail-unavailable",
    "fax-ready",
    "fax-failed",
    "transfer-failed",
    "goodbye",
    "blocked",
)
REQUIRED = (*FLOW, *SHARED)

# Said only where a queue asks for it.
HEARD_WAITING = "waiting-keys"  # which keys do what: said from outside, so that nobody waits for its end
CALLBACK = (
    *(f"digit-{digit}" for digit in range(10)),
    "callback-number", "callback-type", "callback-confirm", "callback-wrong", "callback-noted", "callback-known",
    "callback-impossible", "callback-hello",
)  # fmt: skip
CODES = (
    "agent-number", "agent-pin", "agent-logged-in", "agent-logged-out", "agent-pause-reason", "agent-paused", "agent-ready",
    "agent-wrong-pin", "agent-locked", "agent-phone-taken", "agent-elsewhere", "agent-not-logged-in", "agent-refused", "agent-later",
    "agent-unrecorded", "agent-recorded",
)  # fmt: skip
"""Heard by agents who dial a feature code (dialplans/asterisk/agents.conf.j2)."""
SERVES = ("agent-before", *(f"digit-{digit}" for digit in range(10)), "agent-after")  # 工号 1 0 2 4 为您服务
TELLS = ("ticket-number", "ticket-pin", "ticket-again", *(f"digit-{digit}" for digit in range(10)))
"""Heard before the beep by whoever leaves a message, where a city has them: the number of their ticket and its PIN."""
MINUTES = (1, 2, 3, 5, 10, 15, 20, 30)  # what is said of a wait; 0 is less than the first, beyond the last is "long"
POSITIONS = tuple(range(1, 11))


def of_wait(minutes: int) -> str:
    """`wait-5`: about five minutes; `wait-long` beyond the last that is said."""
    return f"wait-{minutes}" if minutes in MINUTES else "wait-long"


def of_position(position: int) -> str:
    """`position-3`: you are the third; `position-many` behind that."""
    return f"position-{position}" if position in POSITIONS else "position-many"


def of_queue(name: str) -> str:
    """What an agent hears before a caller of this queue, where the queue asks for it."""
    return f"queue-{name}"


def of_agents(city: City) -> tuple[str, ...]:
    """What agents hear at their phones, and callers of them."""
    serves = SERVES if any(queue.caller_hears == "work-number" for queue in city.queues.values()) else ()
    return (*CODES, *serves, *(of_queue(queue.name) for queue in city.queues.values() if queue.agent_hears == "queue"))


def of_waiting(city: City) -> tuple[str, ...]:
    """What the queues of this city make their callers hear while they wait."""
    said: dict[str, None] = {}
    for queue in city.queues.values():
        if queue.say in ("wait", "both"):
            said |= dict.fromkeys((*map(of_wait, MINUTES), "wait-long"))
        if queue.say in ("position", "both"):
            said |= dict.fromkeys((*map(of_position, POSITIONS), "position-many"))
        if queue.keys:
            said |= dict.fromkeys((HEARD_WAITING, *(CALLBACK if "callback" in queue.keys.values() else ())))
    return tuple(said)
SATISFACTION = "satisfaction"  # said only where a queue asks
