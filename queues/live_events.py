"""What has changed on the floor from one look to the next, as events for /api/events: `queue` and `call`.

Told from the same snapshots that are written down, a few times a second at most, so a flood of AMI events costs no more.
A client reads /api/queues and /api/calls once and follows these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from queues.model import Call, QueueView
from queues.snapshot import Snapshot

Say = Callable[[str, Mapping[str, Any]], None]
"""`Events.say`."""


class LiveEvents:
    """Remembers what was told. The first look tells nothing: there is nothing to compare it with."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._queues: dict[str, dict[str, Any]] | None = None
        self._calls: dict[str, Call] = {}

    def tell(self, now: Snapshot) -> None:
        """Says what is new in this snapshot; without a link it may be old, and nothing is said."""
        if not now.connected:
            return
        queues = {view.name: brief(view) for view in now.queues}
        calls = {call.linkedid: call for call in now.calls}
        if self._queues is not None:
            self._of_queues(self._queues, queues)
            self._of_calls(calls, now)
        self._queues, self._calls = queues, calls

    def _of_queues(self, before: Mapping[str, dict[str, Any]], queues: Mapping[str, dict[str, Any]]) -> None:
        for name, queue in queues.items():
            if queue != before.get(name):
                self._say("queue", queue)

    def _of_calls(self, calls: Mapping[str, Call], now: Snapshot) -> None:
        for linkedid, call in calls.items():
            before = self._calls.get(linkedid)
            if call != before:
                self._say("call", {"what": "began" if before is None else "changed", **asdict(call)})
        gone = self._calls.keys() - calls.keys()
        if gone:
            ended = {call.linkedid: call for call in now.recent if call.linkedid in gone}
            for linkedid in sorted(gone):
                self._say("call", {"what": "ended", **asdict(ended.get(linkedid, self._calls[linkedid]))})


def brief(view: QueueView) -> dict[str, Any]:
    """A queue in few words: how many wait, since when the one who waits longest, how many agents are there and free."""
    return {
        "queue": view.name, "waiting": len(view.waiting), "oldest_since": min((caller.since for caller in view.waiting), default=None),
        "logged_in": view.logged_in, "free": view.free,
    }  # fmt: skip
