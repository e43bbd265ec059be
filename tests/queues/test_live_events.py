"""What is told of queues and calls, from one look at the floor to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from queues.live_events import LiveEvents
from queues.model import Call, Doing, QueueView, Waiting
from queues.snapshot import Snapshot

CALL = Call("1.1", "13800001234", "12345", 100.0)
WAITS = Waiting("1.1", "tax", "13800001234", 105.0)


def look(*calls: Call, waiting: tuple[Waiting, ...] = (), logged_in: int = 1, recent: tuple[Call, ...] = (), fault: str | None = None) -> Snapshot:
    queue = QueueView("tax", "ringall", ("1001",), logged_in, logged_in, waiting)
    return Snapshot(datetime.now(UTC), fault is None, fault, (queue,), (), calls, recent)


class Told(list[tuple[str, str]]):
    def say(self, kind: str, data: Mapping[str, Any]) -> None:
        self.append((kind, data["what"] if kind == "call" else f"{data['waiting']} wait, {data['free']} free, {data['oldest_since']}"))


def test_a_call_from_its_beginning_to_its_end() -> None:
    told = Told()
    live = LiveEvents(told.say)
    live.tell(look())
    live.tell(look(CALL))
    live.tell(look(CALL))
    waiting = Call("1.1", "13800001234", "12345", 100.0, doing=Doing.WAITING, queue="tax")
    live.tell(look(waiting, waiting=(WAITS,)))
    live.tell(look(recent=(waiting,)))
    assert told == [
        ("call", "began"), ("queue", "1 wait, 1 free, 105.0"), ("call", "changed"), ("queue", "0 wait, 1 free, None"), ("call", "ended"),
    ]  # fmt: skip


def test_the_first_look_and_one_without_a_link_tell_nothing() -> None:
    told = Told()
    live = LiveEvents(told.say)
    live.tell(look(CALL))
    live.tell(look(fault="no link"))
    live.tell(look(CALL))
    assert told == []
    live.tell(look(CALL, logged_in=0))
    assert told == [("queue", "0 wait, 0 free, None")]
