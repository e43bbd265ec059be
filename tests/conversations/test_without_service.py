"""With every process of ours dead: what agents do at their own phones still works, and reaches nothing that is not listed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from telephone.caller import Caller
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.ears import everybody, soon

pytestmark = CALLS


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def alone(floor: Floor) -> AsyncIterator[None]:
    if not floor.asleep:
        await floor.hotline.kill_python()
    floor.asleep = False  # as far as these stories go
    floor.hotline.asterisk("dialplan set global HOTLINE_FLOOR 0")  # for some seconds after its last word the service counts as there
    yield
    floor.asleep = True


async def talk(floor: Floor) -> Caller:
    citizen = floor.network.caller("13900009999")
    await citizen.dials("1234511")
    await floor.phones["wang"].rings()
    await floor.phones["wang"].answers()
    return citizen


async def test_the_transfer_key_reaches_colleagues_and_nobody_else(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen = await talk(floor)
    for hostile in ("13800138000", "0086105551234", "trunk", "s", "hotline-person"):
        assert not await wang.transfers(hostile), hostile
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    assert await wang.transfers("li")
    await li.rings()
    await li.answers()
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await li.hangs_up()
    await citizen.hears(floor.prompts["satisfaction"], "satisfaction")
    await citizen.presses("3")
    await citizen.is_hung_up_on()
    assert floor.queue_log("HOTLINERATING")[-1][6] == "3"


async def test_keys_ask_first_make_three_talk_and_leave_two(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen = await talk(floor)
    await wang.presses("*2801")
    await floor.outside.rings()
    await floor.outside.answers()
    await soon({"citizen": set(), "wang": {"outside"}, "outside": {"wang"}}, citizen=citizen, wang=wang, outside=floor.outside)
    await wang.presses("*3")
    await soon(everybody("citizen", "wang", "outside"), citizen=citizen, wang=wang, outside=floor.outside)
    await wang.hangs_up()
    await soon(everybody("citizen", "outside"), citizen=citizen, outside=floor.outside)
    await citizen.hangs_up()


async def test_a_caller_whom_nobody_takes_comes_back_and_the_callers_keys_do_nothing(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen = await talk(floor)
    await citizen.presses("##801*2801")
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await wang.presses("##801")
    await floor.outside.rings()
    await floor.outside.refuses()
    await wang.rings()
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await wang.presses("##72")
    await floor.phones["li"].rings()
    await floor.phones["li"].answers()
    await soon(everybody("citizen", "li"), citizen=citizen, li=floor.phones["li"])
    await citizen.hangs_up()
