"""What an agent does with a call, as everybody in it hears it."""

from __future__ import annotations

from telephone import sound
from tests.conversations.conftest import CALLS, Floor, everybody, soon

pytestmark = CALLS


async def test_hold_is_music_for_the_citizen_and_quiet_for_the_agent(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    assert (await floor.call("boss", call, "hold"))["state"] == "on_hold"
    await soon({"citizen": set(), "wang": set()}, citizen=citizen, wang=wang)
    before = citizen.leg.samples_heard
    assert await citizen.leg.has_heard(before + sound.RATE, 3)
    assert sound.audible(citizen.leg.heard(before)), "music"
    await floor.call("boss", call, "hold", expected=409)
    assert (await floor.call("boss", call, "resume"))["state"] == "talking"
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await citizen.hangs_up()
