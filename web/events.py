"""/api/events: what happens to tickets and on the floor, as it happens (server-sent events, WHATWG HTML 9.2).

An id is two places, `HISTORY.FLOOR`: a line of the tickets' history and a place in the floor's log (queues/events.py), so
a client that comes back with Last-Event-ID misses nothing of either. One look at the database and one at the log serve all
clients; each keeps nothing but its two places, so a slow one costs no memory and is told `gap` when the log has moved on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from queues.captions import KIND as CAPTION
from queues.events import KINDS, EventLog, Line
from tickets import wire
from tickets.store import Store
from web import personal
from web.access import May, Reader, reader
from web.private import hidden
from web.problems import Problem

LOOK_SECONDS = 0.5
FLOOR_LOOK_SECONDS = 0.01  # a look is one stat(); only while somebody listens
KEEP_ALIVE_SECONDS = 15.0  # proxies close what is silent for longer
MOST_CLIENTS = 200
PAGE = 200
REMEMBERED = 2_000  # events of the floor; who is further behind reads the log
ID = re.compile(r"(\d{1,18})(?:\.(\d{1,18}))?", re.ASCII)
NEEDS = {"ticket": May.READ_TICKETS} | dict.fromkeys(KINDS, May.READ_FLOOR) | {CAPTION: May.HANDLE_CALLS}
router = APIRouter(prefix="/api", tags=["events"])


class Feed:
    """Tells all clients when the history or the floor's log has grown."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store = store
        self.last = 0
        self.clients = 0
        self.floor = EventLog(home)
        self.floor_end = self._ring_begin = 0
        self._ring: deque[Line] = deque()
        self._grown = asyncio.Condition()

    async def follow(self) -> None:
        """Looks for what is new until it is cancelled; the database may be away meanwhile."""
        self.floor_end = self._ring_begin = await asyncio.to_thread(self.floor.end)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._follow_history())
            both.create_task(self._follow_floor())

    async def beyond(self, line: int, place: int | None = None) -> None:
        """Waits until there is something after these. Raises TimeoutError when it is time to say that we live."""
        async with asyncio.timeout(KEEP_ALIVE_SECONDS), self._grown:
            await self._grown.wait_for(lambda: self.last > line or (place is not None and self.floor_end > place))

    async def floor_after(self, place: int) -> tuple[list[Line], int, bool]:
        """Events of the floor behind this place, the place reached, and whether some were lost."""
        if self._ring_begin <= place <= self.floor_end:
            news = []
            for line in reversed(self._ring):
                if line.after <= place:
                    break
                news.append(line)
            return news[::-1], self.floor_end, False
        return await asyncio.to_thread(self.floor.read, place)

    async def _follow_history(self) -> None:
        while True:
            with contextlib.suppress(SQLAlchemyError):
                last = await asyncio.to_thread(self.store.last_event)
                if last != self.last:
                    self.last = last
                    await self._tell()
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow_floor(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                if self.floor.grown(self.floor_end):
                    self._remember(*await asyncio.to_thread(self.floor.read, self.floor_end))
                    await self._tell()
            await asyncio.sleep(FLOOR_LOOK_SECONDS if self.clients else LOOK_SECONDS)

    def _remember(self, lines: list[Line], end: int, gap: bool) -> None:
        self.floor_end = end
        if gap:  # whoever is behind reads the log, and hears of it
            self._ring.clear()
            self._ring_begin = end
            return
        self._ring.extend(lines)
        while len(self._ring) > REMEMBERED:
            self._ring_begin = self._ring.popleft().after

    async def _tell(self) -> None:
        async with self._grown:
            self._grown.notify_all()


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    holder: Annotated[Reader, Depends(reader)],
    last_event_id: Annotated[str | None, Header(description="the id of the last event seen")] = None,
    after: Annotated[str | None, Query(max_length=40, description="the same, for clients that cannot set headers")] = None,
    kind: Annotated[list[str] | None, Query(max_length=10, description="only these: ticket, agent, queue, call, alarm, message, caption")] = None,
) -> StreamingResponse:
    """`event`: a kind, `id`: resumable, `data`: JSON. Without an id it begins with what happens next. `gap`: some are lost."""
    feed: Feed = request.app.state.feed
    kinds = _allowed(holder, kind)
    if feed.clients >= MOST_CLIENTS:
        raise Problem(503, f"{MOST_CLIENTS} clients are listening already", {"Retry-After": "30"})
    given = last_event_id if last_event_id is not None else after
    found = ID.fullmatch(given) if given is not None else None
    if given is not None and found is None:
        raise Problem(400, "Last-Event-ID is not an id of ours")
    begin = int(found[1]) if found else await asyncio.to_thread(feed.store.last_event)
    floor = int(found[2]) if found and found[2] else await asyncio.to_thread(feed.floor.end)
    full = kinds != {"ticket"} and await asyncio.to_thread(personal.numbers, request, holder, "/api/events", ", ".join(sorted(kinds)))
    stream = _stream(feed, holder, kinds, begin, floor, full)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _allowed(holder: Reader, wanted: list[str] | None) -> frozenset[str]:
    """The kinds this client gets. Raises Problem."""
    if holder.organisation:
        raise Problem(403, "the token of a unit sees its own tickets, not what happens to others'")
    if unknown := set(wanted or ()) - NEEDS.keys():
        raise Problem(400, f"no such kind of event: {', '.join(sorted(unknown))[:80]} (there are: {', '.join(sorted(NEEDS))})")
    kinds = frozenset(kind for kind in wanted or NEEDS if holder.may(NEEDS[kind]))
    if not kinds:
        raise Problem(403, f"a token with the role {holder.role} may not see these events")
    return kinds


async def _stream(feed: Feed, holder: Reader, kinds: frozenset[str], seen: int, place: int, full: bool) -> AsyncIterator[str]:
    feed.clients += 1
    asked = time.monotonic()
    try:
        yield "retry: 2000\n\n"
        while True:
            if time.monotonic() - asked >= KEEP_ALIVE_SECONDS:
                if not await _still_valid(feed, holder):
                    return
                asked = time.monotonic()
            try:
                await feed.beyond(seen, place)
                lines = await asyncio.to_thread(feed.store.history, seen, PAGE) if feed.last > seen else ()
            except (TimeoutError, SQLAlchemyError):
                yield ": still here\n\n"
                continue
            frames = []
            for entry in lines:
                seen = entry.id
                if "ticket" in kinds:
                    frames.append(_frame(seen, place, "ticket", wire.event(entry)))
            news, reached, gap = await feed.floor_after(place)
            if gap:
                frames.append(_frame(seen, place, "gap", {}))
            for line in news:
                if line.kind in kinds and _concerns(holder, line):
                    data = {"at": line.at, **line.data}
                    frames.append(_frame(seen, line.after, line.kind, data if full else hidden(data)))
            place = reached
            if frames:
                yield "".join(frames)
    finally:
        feed.clients -= 1


def _concerns(holder: Reader, line: Line) -> bool:
    """What is said in a call is for supervisors and for the agents who are in it, and for nobody else."""
    return line.kind != CAPTION or holder.may(May.LEAD_FLOOR) or (bool(holder.agent) and holder.agent in line.data.get("agents", ()))


async def _still_valid(feed: Feed, holder: Reader) -> bool:
    """A token may be revoked while its stream is open; a database that is away revokes nothing."""
    try:
        return await asyncio.to_thread(feed.store.tokens.valid, holder.token)
    except SQLAlchemyError:
        return True


def _frame(seen: int, place: int, kind: str, data: object) -> str:
    return f"id: {seen}.{place}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
