"""Real calls: no key is lost, and whatever happens to the AGI server, the caller goes on."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from telephone import sound
from telephone.caller import Caller
from tests.agi import maze
from tests.agi.real import TONE_SECONDS, RealHotline, ServerProcess

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]


async def taps(hotline: RealHotline, caller: Caller, keys: str, every: float, milliseconds: int = 80) -> None:
    """Presses keys at a steady pace, whatever the hotline does meanwhile."""
    for key in keys:
        await hotline.network.ami.action("PlayDTMF", Channel=caller.channel, Digit=key, Duration=str(milliseconds))
        await asyncio.sleep(every)


async def test_the_menu_is_walked_and_the_queue_reached(hotline: RealHotline) -> None:
    async with hotline.served() as server:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.presses("1")
        await caller.hears(hotline.prompts[maze.PROMPT], "the next menu")
        await caller.presses("2121")
        decided = await hotline.decision()
        await caller.hangs_up()
    assert (decided["Decision"], decided["Target"], decided["Path"]) == ("queue", "general", maze.end("12121"))
    assert decided["Called"] == "12345"
    assert server.counts.sessions["queue"] == 1


async def test_replies_300_ms_late_lose_no_key(hotline: RealHotline) -> None:
    callers = {pace: hotline.network.caller(f"1381234{int(pace * 1000):04}") for pace in (0.12, 0.2, 0.3, 0.5)}
    wanted = {pace: "".join(random.Random(pace).choices(maze.KEYS, k=maze.DEPTH)) for pace in callers}

    async def story(pace: float, caller: Caller) -> None:
        await caller.dials("12345")
        await taps(hotline, caller, wanted[pace], pace)

    async with hotline.served(late=0.3):
        await asyncio.gather(*(story(pace, caller) for pace, caller in callers.items()))
        await hotline.decision(len(callers))
        for caller in callers.values():
            await caller.hangs_up()
    assert sorted(event["Path"] for event in hotline.decided) == sorted(maze.end(keys) for keys in wanted.values())


async def test_a_key_between_two_pieces_of_a_silence_counts(hotline: RealHotline) -> None:
    """Each reply 300 ms late: of a caller's silence more than a quarter lies between two commands."""
    callers = [hotline.network.caller(f"1381235{number:04}") for number in range(10)]

    async def story(number: int, caller: Caller) -> None:
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.leg.has_heard(caller.leg.samples_heard + number * sound.RATE // 4, 5)
        await taps(hotline, caller, "21212", 0.3)

    async with hotline.served(late=0.3):
        await asyncio.gather(*(story(number, caller) for number, caller in enumerate(callers)))
        await hotline.decision(len(callers))
        for caller in callers:
            await caller.hangs_up()
    assert {event["Path"] for event in hotline.decided} == {maze.end("21212")}


async def test_keys_pressed_ahead_during_the_first_prompt_all_count(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller()
        await caller.dials("12345")
        await taps(hotline, caller, "21212", 0.05)
        decided = await hotline.decision(seconds=5)
        await caller.hangs_up()
    assert decided["Path"] == maze.end("21212")


async def inside(hotline: RealHotline, number: str = "13800000001") -> Caller:
    """A caller who is listening to the second menu, behind key 2."""
    caller = hotline.network.caller(number)
    await caller.dials("12345")
    await caller.hears(hotline.prompts[maze.PROMPT], "the menu")  # this server has no tape: it must be asking already
    await caller.presses("2")
    await caller.hears(hotline.prompts[maze.PROMPT], "the second menu")
    return caller


async def goes_on(hotline: RealHotline, caller: Caller, press: str, keys: str, seconds: float) -> None:
    """A key that meets a dead service is lost with it; the menu is told again, natively, and the call goes on."""
    await caller.presses(press)
    await caller.hears(hotline.prompts[maze.PROMPT], "the native menu", within=seconds + TONE_SECONDS)  # recognised at its end
    await taps(hotline, caller, keys, 0.2)


async def comes_anew(hotline: RealHotline, keys: str, seconds: float) -> Caller:
    caller = hotline.network.caller("13800000003")
    await caller.dials("12345")
    await goes_on(hotline, caller, "", keys, seconds)
    return caller


@pytest.mark.parametrize("ends", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
async def test_a_server_that_is_lost_costs_nobody_their_call(hotline: RealHotline, ends: signal.Signals) -> None:
    """Who presses a key, who says nothing and who comes anew: each hears a prompt within five seconds."""
    async with ServerProcess(hotline.settings.agi_port) as server:
        pressing, silent = await asyncio.gather(inside(hotline), inside(hotline, "13800000002"))
        server.signal(ends)
        _, _, newcomer = await asyncio.gather(
            goes_on(hotline, pressing, "1", "1221", 5), goes_on(hotline, silent, "", "2112", 5), comes_anew(hotline, "12121", 5)
        )
        await hotline.decision(3)
        for caller in (pressing, silent, newcomer):
            await caller.hangs_up()
    assert {event["Path"] for event in hotline.decided} == {maze.end("21221"), maze.end("22112"), maze.end("12121")}


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
        await goes_on(hotline, caller, "", "12121", 2)
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


async def test_a_transfer_leaves_by_the_trunk_the_call_came_from(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller()
        await caller.dials("12345")
        arrived = hotline.network.ami.watch(
            lambda event: event["Event"] == "Newchannel" and event["Exten"] == maze.AWAY["6"]
        )
        async with arrived as department, asyncio.timeout(5):
            await caller.presses("6")
            await department
        await caller.hangs_up()


async def test_a_transfer_that_fails_leads_to_a_person(hotline: RealHotline) -> None:
    async with hotline.served():
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.presses("7")
        await caller.hears(hotline.prompts["transfer-failed"], "transfer failed")
        decided = await hotline.decision(2)
        await caller.hangs_up()
    assert [event["Decision"] for event in hotline.decided] == ["transfer", "queue"]
    assert decided["Path"] == "12345-0"
