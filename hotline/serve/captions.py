"""Live captions wired up: asked for at the desk, or begun by themselves in queues that want it (`captions: live`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from ivr.model import City
from queues.actor import STAFF, THE_FLOOR, Refused
from queues.ami import AmiLink
from queues.captions import Captions, PhoneOf, Tap
from queues.desk import Desk
from queues.errors import AmiError
from queues.event import Event
from queues.floor import Floor
from queues.names import queue_of
from speech.live import Ears, NobodyListens, NoRoom

Say = Callable[[str, Mapping[str, Any]], None]

log = structlog.get_logger(__name__)


def opens(ears: Ears) -> Callable[[Sequence[str], Callable[[dict[str, Any]], None]], Tap]:
    """The ears' refusals as people read them."""

    def opened(sides: Sequence[str], told: Callable[[dict[str, Any]], None]) -> Tap:
        try:
            return ears.open(sides, told)
        except NobodyListens as no:
            raise Refused(503, "Service Unavailable", f"nobody can listen to this call now: {no}") from no
        except NoRoom as no:
            detail = f"no more calls can be captioned now: {no} (speech.live_streams); end the captions of another call"
            raise Refused(503, "Service Unavailable", detail, streams=ears.streams, streams_open=ears.open_streams) from no

    return opened


def put_on(desk: Desk, link: AmiLink, floor: Floor, ears: Ears, say: Say, phone_of: PhoneOf, city: Callable[[], City]) -> None:
    """Adds the handlers of /api/calls/{linkedid}/captions, and follows who is answered."""

    def agents_of(linkedid: str) -> list[str]:
        return sorted({agent.login or agent.phone for agent in floor.picture.agents() if agent.linkedid == linkedid})

    captions = Captions(link, opens(ears), say, phone_of, agents_of)
    desk.add("captions.start", captions.start, roles=STAFF, target="linkedid")
    desk.add("captions.stop", captions.stop, roles=STAFF, target="linkedid")
    beginning: set[asyncio.Task[None]] = set()

    def connected(event: Event) -> None:
        queue = city().queues.get(queue_of(event["Queue"]))
        if queue is not None and queue.captions:
            task = asyncio.create_task(_begin(captions, event["Linkedid"]))
            beginning.add(task)
            task.add_done_callback(beginning.discard)

    link.subscribe("AgentConnect", connected)
    if any(queue.captions for queue in city().queues.values()):
        ears.want()


async def _begin(captions: Captions, linkedid: str) -> None:
    """A talk that cannot be captioned goes on as any other."""
    try:
        await captions.start(THE_FLOOR, linkedid)
    except (Refused, AmiError) as no:
        log.info("no captions", linkedid=linkedid, reason=str(no))


