"""The call-centre floor as the telephony process keeps it: link, live picture, its file, and what happened to agents' calls.

    floor = Floor(link, home, queue_log, on_happening)
    await floor.start()                    # also starts nothing else: the link is the caller's
    ...
    await floor.close()

Two records, each for what it is good at (ADR 0071). The picture comes from AMI events and may have gaps that a resync
closes. What makes tickets comes from queue_log alone, because it also holds what happened while nobody listened; AMI
events only say that it is time to read it. Should queue_log lack a conversation's end, a whole list of calls shows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import structlog

from queues import snapshot
from queues.ami import AmiLink
from queues.event import Answer, Event
from queues.happenings import Happening
from queues.queue_log import QueueLog
from queues.snapshot import Snapshot
from queues.state import EVENTS, Picture

LEAST_SECONDS_BETWEEN_WRITES = 0.25
HEARTBEAT_SECONDS = 5.0
RESYNC_SECONDS = 30.0
CLOSE_SECONDS = 2.0
MOST_TRIES = 720
DOORBELLS = ("AgentConnect", "AgentComplete")

log = structlog.get_logger()

OnHappening = Callable[[Happening], Awaitable[None]]
OnAlive = Callable[[datetime, frozenset[str]], Awaitable[None]]
"""When Asterisk was asked, and the linkedids of all calls it then had (each channel's uniqueid too)."""


class Floor:
    """Keeps picture and snapshot true, and tells each happening at least once, in order."""

    def __init__(
        self, link: AmiLink, home: Path, queue_log: Path, on_happening: OnHappening, on_alive: OnAlive | None = None
    ) -> None:
        self.picture = Picture()
        self.on_written: list[Callable[[Snapshot], None]] = []
        """Told of each snapshot, a few a second at most."""
        self._link = link
        self._file = snapshot.where(home)
        self._log = QueueLog(queue_log, home / "run" / "queue_log.bookmark")
        self._on_happening = on_happening
        self._on_alive = on_alive
        self._alive: tuple[datetime, frozenset[str]] | None = None
        self._tries = 0
        self._reading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._rung = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listens to the link and begins to read and write. Call before or after link.start()."""
        self._remember()
        for name in EVENTS:
            self._link.subscribe(name, self._apply)
        for name in DOORBELLS:
            self._link.subscribe(name, self._ring)
        self._link.subscribe("Reload", self._reloaded)
        self._link.on_connected(self.resync)
        self._link.on_lost(self._changed.set)
        self._rung.set()
        self._changed.set()
        self._tasks = [asyncio.create_task(task()) for task in (self._write, self._read, self._put_right)]
        self._link.ask_resync()

    async def close(self) -> None:
        """Stops, between two readings of queue_log if that does not take long; the file stays and grows old."""
        tasks, self._tasks = self._tasks, []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._reading.acquire()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def resync(self) -> None:
        """Asks Asterisk for everything. Raises AmiError."""
        began = datetime.now(UTC)
        queues = await self._link.action({"Action": "QueueStatus"})
        channels = await self._link.action({"Action": "CoreShowChannels"})
        self.picture.resync(queues, channels, datetime.now(UTC).timestamp())
        calls = _calls(channels)
        self._alive = None if calls is None else (began, calls)
        self._changed.set()
        self._rung.set()

    def changed(self) -> None:
        """Something that the file shows is another way now."""
        self._changed.set()

    async def forget(self, numbers: Collection[str]) -> None:
        """A citizen's data is erased: their calls that are over are shown no longer. Raises OSError."""
        left = [call for call in self.picture.recent if call.caller not in numbers and call.called not in numbers]
        self.picture.recent.clear()
        self.picture.recent.extend(left)
        async with self._reading:
            await asyncio.to_thread(self._log.forget, numbers)
        self._changed.set()

    def _remember(self) -> None:
        """Calls that ended before this process began."""
        before = snapshot.read(self._file)
        if before:
            self.picture.recent.extend(reversed(before.recent))

    def _apply(self, event: Event) -> None:
        self.picture.apply(event, time.time())
        self._changed.set()

    def _ring(self, event: Event) -> None:
        self._rung.set()

    def _reloaded(self, event: Event) -> None:
        self._link.ask_resync()

    async def _write(self) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                await self._show()
            except Exception:  # noqa: BLE001 - outermost: a picture that nobody renews any more would end /health, and no one restarts it
                log.exception("the floor is not shown")
            await asyncio.sleep(LEAST_SECONDS_BETWEEN_WRITES)

    async def _show(self) -> None:
        taken = snapshot.take(self.picture, datetime.now(UTC), None if self._link.connected else self._link.fault or "no link")
        try:
            await asyncio.to_thread(snapshot.write, self._file, taken)
        except OSError as error:
            log.error("state.json cannot be written", error=str(error))
        for tell in self.on_written:
            try:
                tell(taken)
            except Exception:  # noqa: BLE001 - outermost of whoever is told: the others are told all the same
                log.exception("a snapshot was not taken")

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._rung.wait()
            except TimeoutError:
                pass
            self._rung.clear()
            try:
                await self._read_once()
            except Exception:  # noqa: BLE001 - outermost of what makes agents' tickets: the next turn reads it again
                log.exception("queue_log was not read")

    async def _read_once(self) -> None:
        async with self._reading:
            alive, self._alive = self._alive, None
            if await self._catch_up():
                await self._tell_alive(alive)
            elif self._alive is None:
                self._alive = alive

    async def _tell_alive(self, alive: tuple[datetime, frozenset[str]] | None) -> None:
        """After queue_log, which knows better when a call ended; a conversation missing in both is over (ADR 0071)."""
        if alive is None or self._on_alive is None:
            return
        try:
            await self._on_alive(*alive)
        except Exception:  # noqa: BLE001 - outermost, as in _told; the next resync tells it again
            log.exception("calls that are gone were not looked for")

    async def _catch_up(self) -> bool:
        """Reads on in queue_log. The bookmark stays while a happening's taker fails: it is told again, with the others."""
        try:
            happenings = await asyncio.to_thread(self._log.read)
            failed = [happening for happening in happenings if not await self._told(happening)]
            if failed and not self._hopeless(failed, happenings):
                return False
            self._tries = 0
            await asyncio.to_thread(self._log.keep)
        except OSError as error:  # also a full disk: the bookmark is not kept, but all was told
            log.error("queue_log cannot be read", error=str(error))
        return True

    async def _told(self, happening: Happening) -> bool:
        try:
            await self._on_happening(happening)
        except Exception:  # noqa: BLE001 - outermost loop of what makes agents' tickets; it is told again
            log.exception("a call's ticket was not taken", linkedid=happening.linkedid)
            return False
        return True

    def _hopeless(self, failed: list[Happening], happenings: list[Happening]) -> bool:
        """One that fails for an hour while others succeed is no outage: it must not hold them back for ever."""
        self._tries += 1
        if len(failed) == len(happenings) or self._tries < MOST_TRIES:
            return False
        for happening in failed:
            log.error("given up", linkedid=happening.linkedid, what=type(happening).__name__, at=happening.at.isoformat())
        return True

    async def _put_right(self) -> None:
        """Every half minute, in case an event that ought to come did not. In the order of events: a picture that is
        older than an event already applied would bring back callers who have left."""
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            self._link.ask_resync()


def _calls(channels: Answer) -> frozenset[str] | None:
    """Of every channel its linkedid, and its uniqueid in case it has been joined to an older call since.

    None where the list is not whole: who is missing in it may be talking.
    """
    legs = [event for event in channels if event["Uniqueid"]]
    last = channels.events[-1] if channels.events else None
    if last is None or last.name != "CoreShowChannelsComplete" or last.number("ListItems") != len(legs):
        return None
    return frozenset(name for leg in legs for name in (leg["Linkedid"], leg["Uniqueid"]))
