"""A supervisor's words to all agents, or to those of one queue: an event that each desk shows."""

from __future__ import annotations

from typing import Any

from queues.actor import Actor, Refused
from queues.events import Events

LONGEST_TEXT = 500


class Broadcast:
    """The handler of POST /api/messages."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def tell(self, by: Actor, text: str, queue: str = "") -> dict[str, Any]:
        """Raises Refused."""
        words = " ".join(text.split())
        if not words or len(words) > LONGEST_TEXT or not words.isprintable():
            raise Refused(422, "Unprocessable Content", f"a message has 1 to {LONGEST_TEXT} printable characters")
        message = {"from": str(by), "text": words, "queue": queue}
        self._events.say("message", message)
        return message
