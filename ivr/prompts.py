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
)
REQUIRED = (*FLOW, *SHARED)

# Said only where a queue asks for it.
HEARD_WAITING = "waiting-keys"  # which keys do what: said from outside, so that nobody waits for its end
CALLBACK = (
    *(f"digit-{digit}" for digit in range(10)),
    "callback-number", "callback-type", "callback-confirm", "callback-wrong", "callback-noted", "callback-known",
    "callback-impossible", "callback-hello",
)  # fmt: skip
MINUTES = (1, 2, 3, 5, 10, 15, 20, 30)  # what is said of a wait; 0 is less than the first, beyond the last is "long"
POSITIONS = tuple(range(1, 11))


def of_wait(minutes: int) -> str:
    """`wait-5`: about five minutes; `wait-long` beyond the last that is said."""
    return f"wait-{minutes}" if minutes in MINUTES else "wait-long"


def of_position(position: int) -> str:
    """`position-3`: you are the third; `position-many` behind that."""
    return f"position-{position}" if position in POSITIONS else "position-many"


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
