"""A version's menus are read before its first caller comes, and a broken one keeps nobody from reading the next."""

from __future__ import annotations

import asyncio

import pytest

from hotline import menus
from hotline.serve import ready_menus
from hotline.settings import Settings


async def test_each_new_version_is_read_before_anybody_calls(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_menus, "LOOK_SECONDS", 0.01)
    versions = menus.Store.of(settings)
    ready: asyncio.Queue[int] = asyncio.Queue()
    reading = asyncio.create_task(ready_menus.keep_ready(versions, ready.put_nowait))
    async with asyncio.timeout(20):
        menus.publish(settings, "the first", force=True)
        assert await ready.get() == 1
        assert menus._load.cache_info().currsize > 0
        (settings.home / "menus" / "current").write_text("9\n")  # there is none
        menus.publish(settings, "the second", force=True)
        assert await ready.get() == 2
    hits = menus._load.cache_info().hits
    versions.load(2)
    assert menus._load.cache_info().hits == hits + 1, "the caller finds it in memory"
    reading.cancel()
