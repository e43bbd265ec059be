"""Fuyang's merged hotlines on a real Asterisk; the service is stopped unless a story starts its AGI server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.asterisk import RuntimeMissing, find
from hotline.settings import PROJECT
from tests.agi.real import RealHotline, real_hotline
from tests.ivr.cities import fuyang_texts


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHotline]:
    """One Asterisk and one telephone network for all stories here."""
    try:
        find(PROJECT / "var" / "downloads")
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("merged")
    city = folder / "city"
    city.mkdir()
    for name, text in fuyang_texts().items():
        (city / name).write_text(text, encoding="utf-8")
    async with real_hotline(folder, city) as hotline:
        yield hotline


@pytest.fixture
def hotline(running: RealHotline) -> RealHotline:
    running.forget()
    return running


@pytest_asyncio.fixture(loop_scope="package", params=["agi", "native"])
async def either(request: pytest.FixtureRequest, hotline: RealHotline) -> AsyncIterator[RealHotline]:
    """With the AGI server, or with nobody at its door."""
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "agi":
            await stack.enter_async_context(hotline.served())
        yield hotline
