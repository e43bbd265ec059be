"""Citizens say what they need (说出需求): real Mandarin over a real Asterisk, heard by the recogniser of this hotline."""

from __future__ import annotations

import asyncio

from telephone.caller import Caller
from tests.calls.asterisk_line import AsteriskLine
from tests.scenario import Story
from tests.speaking.conftest import CALLS, World

pytestmark = CALLS


async def at_matters(world: World) -> Caller:
    citizen = world.citizen()
    await citizen.dials("123451")
    await world.hears(citizen, "matters-menu")
    await world.hears(citizen, "speak-hint")
    return citizen


async def test_who_says_it_reaches_what_a_key_would_have_reached(world: World) -> None:
    line = AsteriskLine(world.citizen(), world.prompts, world.decisions)
    await Story(line).dials("123451").hears("matters-menu").hears("speak-hint").says("我要投诉").reaches("complaints").hangs_up()


async def test_emergencies_are_asked_about_nonsense_reaches_a_person_and_keys_work_all_the_while(world: World) -> None:
    """Three callers at once, as many as may be listened to here."""

    async def in_danger() -> None:
        citizen = await at_matters(world)
        await citizen.speaks(world.says("家里着火了"))
        await world.hears(citizen, "speak-119")
        await world.hears(citizen, "speak-yes-no")
        await citizen.speaks(world.says("是的"))
        await world.reached(citizen, "emergency")
        await citizen.hangs_up()

    async def not_understood() -> None:
        citizen = await at_matters(world)
        for again in ("speak-again", "person"):
            await citizen.speaks(world.says("今天天气真好"))
            await world.hears(citizen, again)
        await world.reached(citizen, "general")
        await citizen.hangs_up()

    async def by_key() -> None:
        citizen = await at_matters(world)
        speaking = asyncio.create_task(citizen.speaks(world.says("今天天气真好，我想随便说几句话。")))
        await citizen.presses("3")
        await world.reached(citizen, "complaints")
        await speaking
        await citizen.hangs_up()

    await asyncio.gather(in_danger(), not_understood(), by_key())
