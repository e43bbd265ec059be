"""What a supervisor does with callers who wait: move one to another queue or place, let one go before others.

A caller who is moved leaves Queue() with WITHDRAW, not as one who gave up, and the dialplan writes HOTLINEMOVE into the
queue_log before it enters the other queue. Unless a place is said, the time already waited counts there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from queues.actor import Actor, Refused
from queues.event import Event
from queues.live_legs import Link
from queues.names import queue_of
from queues.reach import Reachable

LARGEST_PRIORITY = 1000


class WaitingCallers:
    """The handlers of /api/queues/{queue}/callers/{linkedid}/…."""

    def __init__(self, link: Link, reachable: Callable[[], Awaitable[Reachable]]) -> None:
        self._link = link
        self._reachable = reachable

    async def move(self, by: Actor, queue: str, linkedid: str, to: str = "", position: int = 0) -> dict[str, Any]:
        """To another queue, or another place in this one. Raises Refused."""
        to = (await self._reachable()).queue(to) if to not in ("", queue) else queue
        if not 0 <= position <= 10_000 or (to == queue and not position):
            raise Refused(422, "Unprocessable Content", "say another queue, or a place from 1 on")
        entries = await self._entries()
        entry = _entry(entries, queue, linkedid)
        place = position or _place(entries, to, entry)
        for name, value in (("HOTLINE_MOVE", to), ("HOTLINE_PLACE", str(place))):
            await self._link.action({"Action": "Setvar", "Channel": entry["Channel"], "Variable": name, "Value": value})
        await self._link.action({"Action": "QueueWithdrawCaller", "Queue": entry["Queue"], "Caller": entry["Channel"], "WithdrawInfo": f"moved to {to}"})
        return {"linkedid": linkedid, "queue": to, "position": place}

    async def prefer(self, by: Actor, queue: str, linkedid: str, priority: int) -> dict[str, Any]:
        """A higher priority comes before others. Raises Refused."""
        if not 0 <= priority <= LARGEST_PRIORITY:
            raise Refused(422, "Unprocessable Content", f"a priority is a number from 0 to {LARGEST_PRIORITY}")
        entry = _entry(await self._entries(), queue, linkedid)
        await self._link.action(
            {"Action": "QueueChangePriorityCaller", "Queue": entry["Queue"], "Caller": entry["Channel"], "Priority": priority, "Immediate": "true"}
        )
        return {"linkedid": linkedid, "queue": queue, "priority": priority}

    async def _entries(self) -> list[Event]:
        answer = await self._link.action({"Action": "QueueStatus"})
        return [event for event in answer if event.name == "QueueEntry"]


def _entry(entries: list[Event], queue: str, linkedid: str) -> Event:
    """A citizen's leg has the name of its call. Raises Refused."""
    for entry in entries:
        if entry["Uniqueid"] == linkedid and queue_of(entry["Queue"]) == queue:
            return entry
    raise Refused(404, "Not Found", "nobody with this call waits in this queue")


def _place(entries: list[Event], to: str, entry: Event) -> int:
    """Behind everybody there who has waited longer."""
    return 1 + sum(other.number("Wait") >= entry.number("Wait") for other in entries if queue_of(other["Queue"]) == to and other is not entry)
