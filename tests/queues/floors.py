"""A floor that a test keeps: who takes its happenings, and the file it writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from queues import floor as floors
from queues import snapshot
from queues.ami import AmiLink
from queues.floor import Floor, OnAlive
from queues.happenings import Happening
from queues.snapshot import Snapshot


class Taker:
    """What makes tickets of happenings; can be told to fail."""

    def __init__(self) -> None:
        self.took: list[Happening] = []
        self.fails: Callable[[Happening], bool] = lambda happening: False
        self.tries = 0
        self._new = asyncio.Event()

    async def __call__(self, happening: Happening) -> None:
        self.tries += 1
        self._new.set()
        if self.fails(happening):
            raise ConnectionError("the database is away")
        self.took.append(happening)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                self._new.clear()
                await self._new.wait()


@pytest.fixture
def taker() -> Taker:
    return Taker()


@asynccontextmanager
async def kept(link: AmiLink, home: Path, log: Path, taker: Taker, alive: OnAlive | None = None) -> AsyncIterator[Floor]:
    floor = Floor(link, home, log, taker, alive)
    await floor.start()
    try:
        yield floor
    finally:
        await floor.close()


async def shown(home: Path, true: Callable[[Snapshot], bool]) -> Snapshot:
    """The file, once it shows that."""
    async with asyncio.timeout(10):
        while True:
            found = snapshot.read(snapshot.where(home))
            if found and true(found):
                return found
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(floors, "LEAST_SECONDS_BETWEEN_WRITES", 0.02)
