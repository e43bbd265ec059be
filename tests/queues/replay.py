"""Plays a recorded AMI stream through the real reader of bytes: live events, and the answers to our questions apart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from queues.event import Event
from queues.state import Picture
from queues.wire import Connection
from tests.queues.conftest import HERE


class Heard:
    """Takes what a Connection hears; messages with an ActionID too, which a real one keeps for their asker."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def heard(self, event: Event) -> None:
        self.events.append(event)

    def lost(self, connection: Connection) -> None: ...


class Wire(Connection):
    """A Connection without a socket, that hands over answers as it does events."""

    def answered(self, event: Event) -> None:
        self.owner.heard(event)


def read(pieces: Iterable[bytes]) -> list[Event]:
    """Every message of a stream that comes in these pieces. Needs a running loop."""
    heard = Heard()
    wire = Wire(heard)
    wire.connection_made(asyncio.Transport())
    for piece in pieces:
        wire.data_received(piece)
    return heard.events


def stream(name: str) -> bytes:
    return (HERE / "streams" / f"{name}.ami").read_bytes()


def live(name: str) -> Iterator[Event]:
    """The events of a story without the answers to our own questions."""
    return (event for event in read([stream(name)]) if event.name and not event["ActionID"])


def picture(name: str, until: str | None = None) -> Picture:
    """The picture after a story's live events, or just after the first of a name."""
    made = Picture()
    made.resync(*answers(name, "before"), now=0)
    for event in live(name):
        made.apply(event, float(event["Timestamp"] or 0))
        if event.name == until:
            break
    return made


def answers(name: str, when: str) -> tuple[list[Event], list[Event]]:
    """QueueStatus and CoreShowChannels as they were before, during or after the story."""
    events = read([stream(name)])
    return (
        [event for event in events if event["ActionID"] == f"QueueStatus-{when}"],
        [event for event in events if event["ActionID"] == f"CoreShowChannels-{when}"],
    )
