"""A link to a peer of our own, and an ear for the events it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from queues.ami import AmiLink, Event, Limits
from tests.queues.conftest import QUICK
from tests.queues.peer import Peer


def link_to(peer: Peer, limits: Limits = QUICK, secret: str = "secret") -> AmiLink:
    return AmiLink("127.0.0.1", peer.port, "hotline", secret, limits=limits)


@asynccontextmanager
async def linked(peer: Peer, limits: Limits = QUICK) -> AsyncIterator[AmiLink]:
    async with link_to(peer, limits) as link:
        await link.wait_connected(5)
        yield link


class Ear:
    """Hears events and can be waited on."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self._new = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.heard.append(event)
        self._new.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                self._new.clear()
                await self._new.wait()

    async def hears(self, count: int) -> list[Event]:
        await self.until(lambda: len(self.heard) >= count)
        return self.heard


async def no_connection(peer: Peer, times: int, within: float) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(within):
            await peer.was_connected(times)


def event(name: str, **fields: str) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in ({"Event": name} | fields).items()).encode() + b"\r\n"
