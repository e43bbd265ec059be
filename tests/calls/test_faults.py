"""The service dies, or holds still, while callers are everywhere: nobody is dropped, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from telephone import sound
from telephone.fax import make_page
from telephone.hotline_under_test import PROCESSES, HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone
from tests.calls.asterisk_line import spoken
from tests.calls.conftest import CALLS, Citizen, ticket_of, until
from tests.calls.test_left_behind import with_document
from tests.scenario import Caller, Story

pytestmark = CALLS

MOST = 0.75
PROMPT_SECONDS = 5 + 1.5  # a prompt must begin within five seconds; to know it takes that much of it


async def test_a_service_killed_under_a_caller_in_the_menu(caller: Caller, hotline: HotlineUnderTest) -> None:
    await caller.dials("12345").presses("1").hears("matters-menu").stays()
    await hotline.kill("telephony")
    # The key finds nobody but Asterisk, which asks again by itself.
    await caller.presses("1").hears("matters-menu", within=PROMPT_SECONDS).presses("1").reaches("complaints").hangs_up()
    await hotline.healthy()


async def test_a_service_that_holds_still_loses_the_caller_to_asterisk(caller: Caller, hotline: HotlineUnderTest) -> None:
    await caller.dials("12345").hears("welcome").stays()
    hotline.freeze("telephony")
    try:
        # The key is answered within the limit, by Asterisk alone: the menu from its beginning, then on.
        story = caller.presses("1").hears("welcome", within=PROMPT_SECONDS).presses("1").hears("matters-menu", within=PROMPT_SECONDS)
        await story.presses("1").reaches("complaints").hangs_up()
    finally:
        hotline.thaw("telephony")
    await hotline.healthy()


async def test_a_call_that_comes_while_the_service_holds_still_is_greeted(caller: Caller, hotline: HotlineUnderTest) -> None:
    hotline.freeze("telephony")
    try:
        await caller.dials("12345").hears("welcome", within=PROMPT_SECONDS).presses("0").reaches("general").hangs_up()
    finally:
        hotline.thaw("telephony")
    await hotline.healthy()


async def test_a_restart_with_forty_callers_drops_none_and_loses_nothing(
    citizen: Citizen, agent: Phone, network: Network, hotline: HotlineUnderTest, tmp_path: Path
) -> None:
    """Twenty in menus; twenty waiting, talking, recording, faxing; then every Python process ends and comes back."""
    menus, waiting, recording = ([citizen() for _ in range(count)] for count in (20, 9, 8))
    talking = citizen()
    await Caller(talking).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await agent.answers()
    faxes = [asyncio.create_task(fax(network, hotline, tmp_path, f"0546808800{row}")) for row in (1, 2)]
    await asyncio.gather(  # all at once: who waits or is silent for long is led on
        together([Caller(line).dials("1234511").hears("recording-notice").stays() for line in waiting]),
        together([Caller(line).dials("12345").hears("main-menu").presses("2").hears("voicemail-notice").stays() for line in recording]),
        together([Caller(line).dials("12345").hears("welcome").presses("1").hears("matters-menu").stays() for line in menus]),
    )
    speaking = asyncio.gather(*(Caller(line).speaks("before, during and after").stays().told() for line in recording))
    for name in PROCESSES:
        hotline.process(name).terminate()
    await asyncio.gather(talking.telephone.speaks(spoken("citizen")), agent.speaks(spoken("agent")))
    await speaking
    await together([Caller(line).hears("matters-menu", within=25).presses("#").stays() for line in menus])
    await hotline.healthy()
    everybody = {"menu": menus, "queue": waiting, "message": recording, "talk": [talking]}
    assert {where: sum(not line.telephone.connected for line in lines) for where, lines in everybody.items()} == dict.fromkeys(everybody, 0), "dropped"
    # Forty callers and three starting processes on two cores may cost a packet, but nobody a word.
    assert sound.share(agent.heard, spoken("citizen")) >= MOST
    assert sound.share(talking.telephone.heard, spoken("agent")) >= MOST
    await together([Caller(line).hangs_up() for line in (*menus, *waiting, *recording, talking)])
    for line in recording:
        ticket = await until(partial(ticket_of, hotline, line.telephone.number), "the ticket of a message", 30)
        (tmp_path / "message.wav").write_bytes((await hotline.get(f"/api/tickets/{ticket['number']}/audio")).content)
        assert sound.share(sound.read(tmp_path / "message.wav"), spoken("before, during and after")) >= MOST
    await asyncio.gather(*faxes)


async def fax(network: Network, hotline: HotlineUnderTest, folder: Path, number: str) -> None:
    result = await network.fax_machine(number).sends(make_page(folder / f"{number}.tif", ("WHILE THE SERVICE RESTARTS",)), "1234515")
    assert result.sent, result
    await until(lambda: with_document(hotline, number), "the fax's ticket", 30)


async def together(stories: Sequence[Story]) -> None:
    await asyncio.gather(*(story.told() for story in stories))
