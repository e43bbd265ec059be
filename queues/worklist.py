"""Work that is found again and again for the same name before it is done: each name once, in the order it came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Worklist(Generic[T]):
    """`put` never waits; `follow` does one thing after another for as long as it is awaited."""

    def __init__(self) -> None:
        self._items: dict[str, T] = {}
        self._more = asyncio.Event()

    def put(self, name: str, item: T) -> None:
        self._items[name] = item
        self._more.set()

    def drop(self, name: str) -> None:
        self._items.pop(name, None)

    async def follow(self, work: Callable[[T], Awaitable[None]]) -> None:
        while True:
            await self._more.wait()
            await self.once(work)

    async def once(self, work: Callable[[T], Awaitable[None]]) -> None:
        """What there is now. Work that is put back while this goes on waits for the next turn."""
        self._more.clear()
        for name in list(self._items):
            if name not in self._items:
                continue
            item = self._items.pop(name)
            try:
                await work(item)
            except BaseException:  # stopped in the middle: not done
                self._items.setdefault(name, item)
                raise
