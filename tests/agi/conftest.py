"""The product's own city, and an AGI server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from agi.keys import Keys
from agi.server import AgiServer, Limits
from hotline.menus import texts
from hotline.settings import DIALPLANS
from ivr.loading import load
from ivr.model import City
from tests.agi_line import AgiLine


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
