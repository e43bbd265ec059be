"""Citizens say what they need (说出需求): real Mandarin over a real Asterisk, heard by the recogniser of this hotline."""

from __future__ import annotations

from tests.speaking.conftest import CALLS, World

pytestmark = CALLS


async def test_who_says_it_reaches_what_a_key_would_have_reached(world: World) -> None:
    citizen = world.citizen()
    await citizen.dials("123451")
    await world.hears(citizen, "matters-menu")
    await world.hears(citizen, "speak-hint")
    await citizen.speaks(world.says("我要投诉"))
    await world.reached(citizen, "complaints")
    await citizen.hangs_up()
