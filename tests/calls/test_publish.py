"""Publishing while people are calling: a call ends in the version it began with, with the service and with Asterisk alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline import menus, reload
from telephone.hotline_under_test import HotlineUnderTest
from tests.calls.conftest import CALLS, Citizen
from tests.scenario import Caller

pytestmark = CALLS
REPORTS = "  12345-1-3:\n    name: 举报 Report\n    kind: queue\n    queue: "


async def test_a_call_ends_in_the_version_it_began_with(citizen: Citizen, city: Path, either: HotlineUnderTest) -> None:
    early, late, after = Caller(citizen()), Caller(citizen()), Caller(citizen())
    await early.dials("12345").hears("welcome").presses("1").hears("matters-menu").stays()
    async with reports_go_to_everybody(either, city):
        await late.dials("1234513").reaches("general").hangs_up()
        await early.presses("3").reaches("complaints").hangs_up()
    await after.dials("12345").hears("welcome").presses("13").reaches("complaints").hangs_up()


@asynccontextmanager
async def reports_go_to_everybody(hotline: HotlineUnderTest, city: Path) -> AsyncIterator[None]:
    """For a while, the current version is another one."""
    path = city / "menus.yaml"
    before = path.read_text(encoding="utf-8")
    assert REPORTS + "complaints" in before
    await published(hotline, path, before.replace(REPORTS + "complaints", REPORTS + "general"))
    try:
        yield
    finally:
        await published(hotline, path, before)


async def published(hotline: HotlineUnderTest, path: Path, text: str) -> None:
    await asyncio.to_thread(path.write_text, text, encoding="utf-8")
    await asyncio.to_thread(menus.publish, hotline.settings, "in mid-call")
    await asyncio.to_thread(reload.menus, hotline.settings)
