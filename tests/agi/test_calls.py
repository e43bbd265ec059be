"""Real calls: no key is lost, and whatever happens to the AGI server, the caller goes on."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.asterisk import RuntimeMissing
from telephone.caller import Caller
from tests.agi import maze
from tests.agi.real import Delay, RealHotline, ServerProcess, real_hotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHotline]:
    try:
        async with real_hotline(tmp_path_factory.mktemp("agi")) as hotline:
            yield hotline
    except RuntimeMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def hotline(running: RealHotline) -> RealHotline:
    running.forget()
    return running


async def taps(hotline: RealHotline, caller: Caller, keys: str, every: float, milliseconds: int = 80) -> None:
    """Presses keys at a steady pace, whatever the hotline does meanwhile."""
    for key in keys:
        await hotline.network.ami.action("PlayDTMF", Channel=caller.channel, Digit=key, Duration=str(milliseconds))
        await asyncio.sleep(every)


async def test_the_menu_is_walked_and_the_queue_reached(hotline: RealHotline) -> None:
    async with hotline.served() as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        for key in "12121":
            await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
            await caller.presses(key)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert (decided["Decision"], decided["Target"], decided["Path"]) == ("queue", "general", maze.end("12121"))
    assert decided["Called"] == "12345"
    assert server.counts.sessions["queue"] == 1


async def test_replies_300_ms_late_lose_no_key(hotline: RealHotline) -> None:
    late = Delay(0.3, 14573)
    await late.start(hotline.settings.agi_port)
    callers = {pace: hotline.network.caller(f"1381234{int(pace * 1000):04}") for pace in (0.12, 0.2, 0.3, 0.5)}
    wanted = {pace: "".join(random.Random(pace).choices(maze.KEYS, k=maze.DEPTH)) for pace in callers}

    async def story(pace: float, caller: Caller) -> None:
        await caller.dials("12345")
        await taps(hotline, caller, wanted[pace], pace)

    try:
        async with hotline.served(port=late.port):
            await asyncio.gather(*(story(pace, caller) for pace, caller in callers.items()))
            await hotline.decision(len(callers))
            for caller in callers.values():
                await caller.hangs_up()
    finally:
        await late.stop()
    assert sorted(event["Path"] for event in hotline.decided) == sorted(maze.end(keys) for keys in wanted.values())


async def test_keys_pressed_ahead_during_the_first_prompt_all_count(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller()
        await caller.dials("12345")
        await taps(hotline, caller, "21212", 0.05)
        decided = await hotline.decision(seconds=5)
        await caller.hangs_up()
    assert decided["Path"] == maze.end("21212")


async def test_silence_repeats_once_and_then_reaches_a_person(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.hears(hotline.prompts["noinput"], "no input", within=8)
        decided = await hotline.decision(seconds=12)
        await caller.hangs_up()
    assert decided["Path"] == "12345-0"


async def test_a_stopped_server_loses_the_channel_to_the_native_menu(hotline: RealHotline) -> None:
    async with ServerProcess(hotline.settings.agi_port) as server:
        server.signal(signal.SIGSTOP)
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the native menu", within=5 + 2)
        await taps(hotline, caller, "11221", 0.3)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == maze.end("11221")


async def test_a_server_stopped_in_the_menu_loses_the_channel_at_the_next_key(hotline: RealHotline) -> None:
    async with ServerProcess(hotline.settings.agi_port) as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.presses("2")
        await caller.hears(hotline.prompts[maze.PROMPT], "the second menu")
        server.signal(signal.SIGSTOP)
        await caller.presses("1")
        await caller.hears(hotline.prompts[maze.PROMPT], "the second menu, native", within=5 + 2)
        await taps(hotline, caller, "1221", 0.3)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == maze.end("21221")


async def test_a_killed_server_is_taken_over_at_the_menu_last_reached(hotline: RealHotline) -> None:
    async with ServerProcess(hotline.settings.agi_port) as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.presses("2")
        await caller.hears(hotline.prompts[maze.PROMPT], "the second menu")
        server.signal(signal.SIGKILL)
        await caller.presses("1")
        await caller.hears(hotline.prompts[maze.PROMPT], "the second menu, native", within=5)
        await taps(hotline, caller, "1221", 0.3)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == maze.end("21221")


async def test_no_server_at_all_is_answered_natively_at_once(hotline: RealHotline) -> None:
    caller = hotline.network.caller()
    await caller.dials("12345")
    await caller.hears(hotline.prompts[maze.PROMPT], "the native menu", within=3)
    await taps(hotline, caller, "12121", 0.1)
    decided = await hotline.decision()
    await caller.hangs_up()
    assert decided["Path"] == maze.end("12121")


async def test_a_full_server_sends_the_caller_to_the_native_menu(hotline: RealHotline) -> None:
    async with hotline.served() as server:
        object.__setattr__(server.limits, "sessions", 0)
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the native menu", within=3)
        await caller.hangs_up()
    assert server.counts.sessions == {"refused": 1}


async def test_a_drained_server_hands_its_callers_to_the_native_menu(hotline: RealHotline) -> None:
    async with hotline.served() as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await server.drain(0)
        await caller.presses("1")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu, native", within=5)
        await taps(hotline, caller, "12121", 0.3)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == maze.end("12121")
    assert server.counts.sessions == {"drained": 1}


async def test_hanging_up_in_the_menu_is_told_by_the_dialplan(hotline: RealHotline) -> None:
    async with hotline.served() as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.hangs_up()
        await hotline.until(lambda: bool(hotline.abandoned and server.counts.sessions))
    assert server.counts.sessions == {"gone": 1}
    assert hotline.abandoned[0]["At"] == "12345"
