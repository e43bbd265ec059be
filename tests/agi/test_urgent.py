"""Emergencies, elderly callers and languages on real calls, with the AGI server and without it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hotline import elderly, menus
from telephone import sound
from telephone.caller import Caller
from tests.agi import maze
from tests.agi.real import TONE_SECONDS, RealHotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]
EITHER = pytest.mark.parametrize("path", ["agi", "native"])


@contextlib.asynccontextmanager
async def on(hotline: RealHotline, path: str) -> AsyncIterator[None]:
    """With the AGI server, or with nobody at its door."""
    if path == "native":
        yield
    else:
        async with hotline.served():
            yield


@contextlib.asynccontextmanager
async def rung(hotline: RealHotline, number: str) -> AsyncIterator[None]:
    """The telephone network is called at this number, within the block and 5 s of its end."""
    async with hotline.network.ami.watch(lambda event: event["Event"] == "Newchannel" and event["Exten"] == number) as arrived:
        yield
        async with asyncio.timeout(30):
            await arrived


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
async def test_an_emergency_number_is_put_through_at_once(hotline: RealHotline, number: str) -> None:
    caller = hotline.network.caller()
    async with rung(hotline, number):
        dialling = asyncio.create_task(caller.dials(number))
    assert (await hotline.decision())["Target"] == number
    dialling.cancel()
    await hotline.network.ami.action("Hangup", Channel="/^PJSIP/hotline-.*$/")
    await asyncio.wait([dialling])


@EITHER
async def test_a_key_bound_to_an_emergency_is_put_through_at_once(hotline: RealHotline, path: str) -> None:
    async with on(hotline, path):
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        async with rung(hotline, "110"):
            await caller.presses(maze.URGENT)
        decided = await hotline.decision()
        await caller.hangs_up()
    assert (decided["Decision"], decided["Target"], decided["Path"]) == ("emergency", "110", "12345-5")


@EITHER
async def test_an_emergency_that_fails_leads_to_a_person_before_all_others(hotline: RealHotline, path: str) -> None:
    refused = await no_such_number(hotline, "110")
    async with on(hotline, path), refused:
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
        await caller.presses(maze.URGENT)
        await caller.hears(hotline.prompts["transfer-failed"], "it failed")
        decided = await hotline.decision(2)
        assert {"QUEUE_PRIO=20", "HOTLINE_URGENT=1"} <= set(await variables(hotline, decided["Channel"]))
        await caller.hangs_up()
    assert [event["Decision"] for event in hotline.decided] == ["emergency", "queue"]


async def variables(hotline: RealHotline, channel: str) -> list[str]:
    return (await asyncio.to_thread(hotline.asterisk.cli, f"core show channel {channel}")).split()


async def no_such_number(hotline: RealHotline, number: str) -> contextlib.AbstractAsyncContextManager[None]:
    """The telephone network does not put this number through, for a while."""

    @contextlib.asynccontextmanager
    async def gone() -> AsyncIterator[None]:
        ami = hotline.network.ami
        await ami.action("Command", Command=f"dialplan add extension {number},1,Hangup,21 into from-hotline")
        try:
            yield
        finally:
            await ami.action("Command", Command=f"dialplan remove extension {number}@from-hotline")

    return gone()


@contextlib.asynccontextmanager
async def cared_for(hotline: RealHotline, number: str, care: str) -> AsyncIterator[Caller]:
    """A caller on the list of elderly callers."""
    elderly.add(hotline.settings, number, care)
    elderly.write(hotline.settings, maze.city())
    await asyncio.to_thread(hotline.asterisk.reload, "dialplan reload")
    yield hotline.network.caller(number)
    elderly.remove(hotline.settings, number)


@EITHER
async def test_an_elderly_caller_reaches_a_person_at_once_and_before_others(hotline: RealHotline, path: str) -> None:
    async with on(hotline, path), cared_for(hotline, "13812340001", "person") as caller:
        await caller.dials("12345")
        decided = await hotline.decision(seconds=4)  # silence in the menu would lead to a person only later
        assert "QUEUE_PRIO=10" in await variables(hotline, decided["Channel"])
        await caller.hangs_up()
    assert (decided["Decision"], decided["Path"]) == ("queue", "12345-0")


@EITHER
async def test_an_elderly_caller_who_dialled_a_path_gets_what_it_leads_to(hotline: RealHotline, path: str) -> None:
    async with on(hotline, path), cared_for(hotline, "13812340001", "person") as caller:
        await caller.dials("1234512121")
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == "12345-1-2-1-2-1"


@EITHER
async def test_slow_prompts_are_played_where_there_are_some_and_the_others_as_they_are(hotline: RealHotline, path: str) -> None:
    slowly = sound.babble(TONE_SECONDS, 4711)
    with_sound = hotline.settings.sounds / "zh_slow" / f"{maze.PROMPT}.wav"
    sound.write(with_sound, slowly)
    await asyncio.to_thread(menus.publish, hotline.settings, "slow prompts")  # a version's sounds are those it was published with
    await asyncio.to_thread(hotline.asterisk.reload, "dialplan reload")
    async with on(hotline, path), cared_for(hotline, "13812340002", "slow") as caller:
        await caller.dials("12345")
        await caller.hears(slowly, "the menu, slowly")
        await caller.presses("3")
        await caller.hears(hotline.prompts["nomatch"], "no such choice, as for everybody")
        await caller.hangs_up()
    with_sound.unlink()


@EITHER
async def test_a_key_changes_the_language_of_the_whole_call(hotline: RealHotline, path: str) -> None:
    english = {name: sound.babble(TONE_SECONDS, 900 + seed) for seed, name in enumerate((maze.PROMPT, "welcome", "nomatch"))}
    for name, samples in english.items():
        sound.write(hotline.settings.sounds / "en" / f"{name}.wav", samples)
    async with on(hotline, path):
        caller = hotline.network.caller()
        await caller.dials("12345")
        await caller.hears(hotline.prompts[maze.PROMPT], "the menu in Chinese")
        await caller.presses(maze.ENGLISH)
        await caller.hears(english[maze.PROMPT], "the menu in English")
        await caller.presses("3")
        await caller.hears(english["nomatch"], "no such choice, in English")
        await caller.presses("21212")
        decided = await hotline.decision()
        await caller.hangs_up()
    assert decided["Path"] == maze.end("21212")
