"""The product's own city, an AGI server on loopback, and a real hotline for those that call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from agi.keys import Keys
from agi.server import AgiServer, Limits
from hotline.asterisk import RuntimeMissing, find
from hotline.menus import texts
from hotline.settings import DIALPLANS, PROJECT
from ivr.loading import load
from ivr.model import City
from tests.agi.real import RealHotline, real_hotline
from tests.agi_line import AgiLine


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHotline]:
    """One Asterisk and one telephone network for all real calls here."""
    try:
        find(PROJECT / "var" / "downloads")
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    async with real_hotline(tmp_path_factory.mktemp("agi")) as hotline:
        yield hotline


@pytest.fixture
def hotline(running: RealHotline) -> RealHotline:
    running.forget()
    return running


@pytest.fixture(scope="session")
def city() -> City:
    return load(texts(DIALPLANS / "12345"))


@dataclass
class Served:
    """A running server and what tests need to call it."""

    server: AgiServer
    port: int
    keys: Keys
    city: City

    def line(self) -> AgiLine:
        return AgiLine(self.city, self.port, self.keys)


@pytest_asyncio.fixture
async def served(city: City, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """`@pytest.mark.parametrize("served", [Limits(…)], indirect=True)` sets limits."""
    limits = getattr(request, "param", Limits())
    keys = Keys()
    keys.connected(True)
    menus = {"1": city}
    server = AgiServer(lambda version: menus[version], keys, limits)
    port = await server.start(0)
    yield Served(server, port, keys, city)
    await server.drain(0)
