"""Publishing while people are calling: a call ends in the version it began with and in its words, with the service and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline import menus, reload
from speech import prompts
from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest
from telephone.sound import Samples
from tests.calls.conftest import CALLS, PROMPT_SECONDS, Citizen
from tests.scenario import Caller

pytestmark = CALLS
REPORTS = "  12345-1-3:\n    name: 举报 Report\n    kind: queue\n    queue: "
SPOKEN_ANEW = "matters-menu"


async def test_a_call_ends_in_the_version_it_began_with(citizen: Citizen, city: Path, either: HotlineUnderTest) -> None:
    early, late, after = Caller(citizen()), citizen(), Caller(citizen())
    await early.dials("12345").hears("welcome").presses("1").hears(SPOKEN_ANEW).stays()
    async with reports_go_to_everybody(either, city) as anew:
        await Caller(late).dials("12345").hears("welcome").presses("1").stays()
        await late.telephone.hears(anew, "the new recording", within=10)
        await Caller(late).presses("3").reaches("general").hangs_up()
        await early.presses("*").hears(SPOKEN_ANEW).presses("3").reaches("complaints").hangs_up()
    await after.dials("12345").hears("welcome").presses("1").hears(SPOKEN_ANEW).presses("3").reaches("complaints").hangs_up()


@asynccontextmanager
async def reports_go_to_everybody(hotline: HotlineUnderTest, city: Path) -> AsyncIterator[Samples]:
    """For a while another version is current, with one prompt recorded anew; then a rollback, which needs no sound."""
    path, recording = city / "menus.yaml", city / "recordings" / "zh" / f"{SPOKEN_ANEW}.wav"
    before, spoken, anew = path.read_text(encoding="utf-8"), recording.read_bytes(), sound.babble(PROMPT_SECONDS, seed=4711)
    assert REPORTS + "complaints" in before
    sound.write(recording, anew)
    path.write_text(before.replace(REPORTS + "complaints", REPORTS + "general"), encoding="utf-8")
    await asyncio.to_thread(published, hotline)
    try:
        yield anew
    finally:
        path.write_text(before, encoding="utf-8")
        await asyncio.to_thread(menus.Store.of(hotline.settings).rollback)
        await asyncio.to_thread(reload.menus, hotline.settings)
        recording.write_bytes(spoken)
        await asyncio.to_thread(rendered, hotline)


def rendered(hotline: HotlineUnderTest) -> None:
    prompts.render(hotline.settings.city, hotline.settings)


def published(hotline: HotlineUnderTest) -> None:
    rendered(hotline)
    menus.publish(hotline.settings, "in mid-call", force=True)
    reload.menus(hotline.settings)
