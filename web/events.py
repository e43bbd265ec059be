"""/api/events: what happens to tickets, as it happens (server-sent events, WHATWG HTML 9.2).

An event's id is its line in the tickets' history, so a client that comes back with Last-Event-ID misses nothing.
One look at the database serves all clients; each reads its own lines only when there are new ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from tickets import wire
from tickets.store import Store
from web.access import May, Reader, needs
from web.problems import Problem

LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0  # proxies close what is silent for longer
MOST_CLIENTS = 200
PAGE = 200
router = APIRouter(prefix="/api", tags=["events"])
Allowed = Annotated[Reader, Depends(needs(May.READ_TICKETS))]


class Feed:
    """Tells all clients when the history has grown."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.last = 0
        self.clients = 0
        self._grown = asyncio.Condition()

    async def follow(self) -> None:
        """Looks for new lines until it is cancelled; the database may be away meanwhile."""
        while True:
            with contextlib.suppress(SQLAlchemyError):
                last = await asyncio.to_thread(self.store.last_event)
                if last != self.last:
                    async with self._grown:
                        self.last = last
                        self._grown.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def beyond(self, line: int) -> None:
        """Waits until there is a line after this one. Raises TimeoutError when it is time to say that we live."""
        async with asyncio.timeout(KEEP_ALIVE_SECONDS), self._grown:
            await self._grown.wait_for(lambda: self.last > line)


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    holder: Allowed,
    last_event_id: Annotated[str | None, Header(description="the id of the last event seen")] = None,
    after: Annotated[int | None, Query(ge=0, description="the same, for clients that cannot set headers")] = None,
) -> StreamingResponse:
    """`event: ticket`, `id`: resumable, `data`: JSON. Without an id it begins with what happens next."""
    feed: Feed = request.app.state.feed
    if feed.clients >= MOST_CLIENTS:
        raise Problem(503, f"{MOST_CLIENTS} clients are listening already", {"Retry-After": "30"})
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
        raise Problem(400, "Last-Event-ID is not an id of ours")
    begin = int(last_event_id) if last_event_id is not None else after
    if begin is None:
        begin = await asyncio.to_thread(feed.store.last_event)
    return StreamingResponse(_stream(feed, begin), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(feed: Feed, seen: int) -> AsyncIterator[str]:
    feed.clients += 1
    try:
        yield "retry: 2000\n\n"
        while True:
            try:
                await feed.beyond(seen)
                lines = await asyncio.to_thread(feed.store.history, seen, PAGE)
            except (TimeoutError, SQLAlchemyError):
                yield ": still here\n\n"
                continue
            for line in lines:
                seen = line.id
                yield f"id: {line.id}\nevent: ticket\ndata: {json.dumps(wire.event(line), ensure_ascii=False)}\n\n"
    finally:
        feed.clients -= 1
