"""The link to Asterisk's manager interface: stays up by itself, never sends anything twice, tells what it missed.

    link = AmiLink("127.0.0.1", 5038, "hotline", secret)
    link.subscribe("DTMFEnd", on_digit)      # plain functions or coroutines; "*" hears everything
    link.on_connected(resync)                # after every connect and after every gap in the events
    await link.start()
    answer = await link.action({"Action": "QueueStatus"})
    await link.close()

Events go through one bounded queue to one consumer, so subscribers see them in Asterisk's order. When the queue is
full an event is dropped and counted, and at that very place in the order the consumer asks for a full resync.
Who cannot wait for a resync (`urgent=True`: the keys that callers press) is called at arrival, and misses none.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from queues.errors import AmiError, LoginRefused, NotConnected
from queues.event import Answer, Event
from queues.manager import Limits, Manager
from queues.wire import Fields

__all__ = ["AmiLink", "Answer", "Callback", "Event", "Limits"]

Callback = Callable[[Event], Awaitable[None] | None]
Hook = Callable[[], Awaitable[None] | None]
ChangeHook = Callable[[bool], None]
POLITE = 50  # events between two turns for everyone else on the loop

log = structlog.get_logger()


class _Mark(Enum):
    """Places in the order of events at which something else than an event happened."""

    RESYNC = "resync"
    LOST = "lost"


class AmiLink:
    """One lasting link; `connected`, `fault`, `dropped` and `failures` say how it is."""

    def __init__(self, host: str, port: int, user: str, secret: str, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.fault: str | None = "no link yet"
        """Why there is no link now, or None."""
        self.dropped = 0
        """Events that did not fit; each gap was followed by a resync."""
        self.failures = 0
        """Subscribers that raised or took too long."""
        self._address = (host, port)
        self._login = (user, secret)
        self._manager: Manager | None = None
        self._subscribers: defaultdict[str, list[Callback]] = defaultdict(list)
        self._everything = self._subscribers["*"]
        self._urgent: defaultdict[str, list[Callback]] = defaultdict(list)
        self._changes: list[ChangeHook] = []
        self._resyncs: list[Hook] = []
        self._lost: list[Hook] = []
        self._waiting: deque[Event | _Mark] = deque()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Condition()
        self._refusal: LoginRefused | None = None
        self._gap = False

    @property
    def connected(self) -> bool:
        """True while logged in to an Asterisk that has loaded everything."""
        return self._manager is not None

    def subscribe(self, name: str, callback: Callback, *, urgent: bool = False) -> None:
        """Calls back for each event of that name ("*": all), in order, one at a time.

        `urgent`: at arrival, before all that is still waiting; a plain function, a name of its own (no "*").
        """
        if urgent:
            self._urgent[name].append(callback)
        else:
            self._subscribers[name].append(callback)

    def on_change(self, hook: ChangeHook) -> None:
        """Calls it at once when the link comes (True) or goes (False): for those who are `urgent`."""
        self._changes.append(hook)

    def on_connected(self, resync: Hook) -> None:
        """Calls it, before any later event, at each connect and after each gap."""
        self._resyncs.append(resync)

    def on_lost(self, hook: Hook) -> None:
        """Calls it, after all earlier events, when the link is lost."""
        self._lost.append(hook)

    async def start(self) -> None:
        """Begins to connect, and to try again for as long as it takes. Returns at once."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._stay_connected()), asyncio.create_task(self._consume())]

    async def wait_connected(self, seconds: float) -> None:
        """Waits for the link. Raises LoginRefused, or NotConnected with the reason after so long."""

        def settled() -> bool:
            return self.connected or isinstance(self._refusal, LoginRefused)

        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(settled)
        except TimeoutError:
            raise NotConnected(self.fault or "no link") from None
        if self._refusal is not None:
            raise self._refusal

    def ask_resync(self) -> None:
        """Has the `on_connected` hooks called again, at this place in the order of events."""
        if self.connected:
            self._put(_Mark.RESYNC)

    async def action(self, fields: Fields, *, seconds: float | None = None) -> Answer:
        """Sends one action, once. Raises NotConnected, LinkBusy, ForbiddenText (nothing was sent), ActionRefused
        (Asterisk said no) or ResultUnknown (it may have happened)."""
        if self._manager is None:
            raise NotConnected(f"{fields.get('Action')}: {self.fault}")
        return await self._manager.ask(fields, self.limits.action_seconds if seconds is None else seconds)

    async def close(self) -> None:
        """Ends the link; unanswered actions get ResultUnknown, nothing reconnects."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.fault = "closed"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _stay_connected(self) -> None:
        wait = self.limits.first_retry_seconds
        loop = asyncio.get_running_loop()
        while True:
            since = loop.time()
            self._refusal = None
            try:
                await self._one_connection()
                self.fault = "Asterisk closed the link"
            except LoginRefused as error:
                self._refusal = error
                self.fault = str(error)
                wait = max(wait, self.limits.refused_retry_seconds)
            except (OSError, AmiError) as error:  # TimeoutError is an OSError
                self.fault = str(error) or f"no answer from {self._address[0]}:{self._address[1]}"
            await self._tell()
            if loop.time() - since >= self.limits.stable_seconds:
                wait = self.limits.first_retry_seconds
            log.warning("ami link down", reason=self.fault, retry_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, max(self.limits.longest_retry_seconds, wait))

    async def _one_connection(self) -> None:
        manager = Manager(*self._address, self.limits, self._enqueue)
        await manager.open(*self._login)
        self._manager, self.fault = manager, None
        self._say_change(True)
        self._put(_Mark.RESYNC)
        log.info("ami link up", port=self._address[1])
        try:
            await self._tell()
            await manager.watch()
        finally:
            self._manager = None
            self._say_change(False)
            manager.close()
            self._put(_Mark.LOST)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _say_change(self, up: bool) -> None:
        for hook in self._changes:
            self._at_once("link", hook, up)

    def _at_once(self, name: str, call: Callable[..., Awaitable[None] | None], *told: Event | bool) -> Awaitable[None] | None:
        """What is still to be awaited, or None. A subscriber's fault is its own: it is counted and logged, and the next one is called."""
        try:
            done = call(*told)
        except Exception:  # noqa: BLE001 - outermost loop of everything that listens to Asterisk; here it would cost the connection
            self._failed(name)
            return None
        return done if done is not None and inspect.isawaitable(done) else None

    async def _finished(self, done: Awaitable[None], name: str, seconds: float | None = None) -> None:
        try:
            async with asyncio.timeout(seconds or self.limits.callback_seconds):
                await done
        except Exception:  # noqa: BLE001 - outermost, as in _at_once
            self._failed(name)

    def _failed(self, name: str) -> None:
        self.failures += 1
        log.exception("subscriber failed", ami_event=name)

    def _enqueue(self, event: Event) -> None:
        for callback in self._urgent.get(event.name, ()):
            self._at_once(event.name, callback, event)
        if not (self._everything or event.name in self._subscribers):
            return
        room = self.limits.waiting_events // 2 if self._gap else self.limits.waiting_events
        if len(self._waiting) < room:
            self._gap = False
            self._put(event)
            return
        self.dropped += 1
        if not self._gap:
            self._gap = True
            self._put(_Mark.RESYNC)

    def _put(self, item: Event | _Mark) -> None:
        self._waiting.append(item)
        self._news.set()

    async def _consume(self) -> None:
        count = 0
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            item = self._waiting.popleft()
            count += 1
            if count % POLITE == 0:
                await asyncio.sleep(0)
            if isinstance(item, Event):
                for callback in (*self._subscribers.get(item.name, ()), *self._everything):
                    if done := self._at_once(item.name, callback, item):
                        await self._finished(done, item.name)
            elif item is _Mark.LOST:
                for hook in self._lost:
                    await self._guarded(hook, "lost")
            elif self._manager is not None:
                for hook in self._resyncs:
                    await self._guarded(
                        partial(self._resync, hook, self._manager), "resync", self.limits.resync_seconds
                    )

    async def _resync(self, hook: Hook, manager: Manager) -> None:
        """A resync that could not be finished leaves a wrong picture, so the link starts afresh."""
        try:
            done = hook()
            if inspect.isawaitable(done):
                await done
        except (AmiError, asyncio.CancelledError) as error:
            log.warning("ami resync failed", reason=str(error) or "took too long")
            manager.close()
            raise

    async def _guarded(self, call: Hook, name: str, seconds: float | None = None) -> None:
        if done := self._at_once(name, call):
            await self._finished(done, name, seconds)
