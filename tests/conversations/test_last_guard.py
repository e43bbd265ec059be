"""What Asterisk itself refuses, whatever reaches it: numbers nobody listed, a phone that acts as a trunk, a hold without end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from telephone import sound
from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, OUTSIDE, Floor
from tests.conversations.ears import everybody, soon

pytestmark = CALLS


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def as_it_was(floor: Floor) -> AsyncIterator[None]:
    """Extensions and globals that a story has put into the running dialplan are gone after it."""
    yield
    floor.hotline.asterisk("dialplan reload")


async def out(floor: Floor, number: str) -> str:
    """A leg that takes itself for li's phone and is to call this number out; the call's name."""
    before = len(floor.queue_log("HOTLINEOUT"))
    for name, value in (("HOTLINE_OUT", number), ("HOTLINE_PHONE", "li")):
        floor.hotline.asterisk(f"dialplan set global {name} {value}")
    floor.hotline.asterisk("channel originate Local/s@hotline-outward/n application Wait 1")
    await until(lambda: written(floor, "HOTLINEOUT", before), "the call out")
    begun = floor.queue_log("HOTLINEOUT")[before]
    assert begun[6] == number
    return begun[5]


async def written(floor: Floor, event: str, before: int) -> bool:
    return len(floor.queue_log(event)) > before


async def ended(floor: Floor, call: str) -> str:
    """How Asterisk says that a call out ended."""

    async def line() -> list[list[str]]:
        return floor.queue_log("HOTLINEOUTEND", call)

    return str((await until(line, "its end"))[0][6])


async def test_a_call_out_to_what_no_list_has_is_not_dialled(floor: Floor) -> None:
    for number in ("008613800138000", "+8613800138000", "110"):
        call = await out(floor, number)
        assert await ended(floor, call) == "NUMBER", number
    call = await out(floor, OUTSIDE)
    await floor.outside.rings()
    await floor.outside.refuses()
    assert await ended(floor, call) == "BUSY"


async def test_a_phone_that_comes_to_a_transfer_of_the_menu_dials_nobody(floor: Floor) -> None:
    li, before = floor.phones["li"], len(floor.queue_log("HOTLINE"))
    floor.hotline.asterisk(f"dialplan set global HOTLINE_TARGET {OUTSIDE}")
    floor.hotline.asterisk("channel originate PJSIP/li extension s@hotline-transfer")
    await li.rings()
    await li.answers()
    await until(lambda: written(floor, "HOTLINE", before), "a person instead")
    await li.hangs_up()
    text = (floor.hotline.plan.home / "asterisk/log/cel-custom/cel.csv").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if '"hotline-transfer"' in line and '"Dial"' in line]


async def test_a_hold_that_is_never_taken_back_ends_at_the_front_and_there_nobody_is_moved_on(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    floor.hotline.asterisk("dialplan add extension hold,3,Wait(1) into hotline-room replace")  # 4 hours pass
    floor.hotline.asterisk("dialplan add extension settings,1,MSet(HOTLINE_AFTER=1,HOTLINE_AFTER_TO=queue-general) into hotline-queue-complaints replace")
    await floor.call("wang", call, "hold")
    await wang.rings()
    ringing = citizen.leg.samples_heard
    assert await citizen.leg.has_heard(ringing + 3 * sound.RATE, 6)
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    assert not floor.queue_log("HOTLINEMOVED", call)
    await citizen.hangs_up()
