"""A machine is lost, and its hotline made again from its backup in an empty folder; then that one's Asterisk is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio

from hotline import backup, restore
from hotline.asterisk import find
from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.prompts import Prompts
from tests.calls.asterisk_line import AsteriskLine, Decisions
from tests.calls.conftest import CALLS, SIP_PORT, ticket_of, until
from tests.scenario import Caller

pytestmark = CALLS

PORT = SIP_PORT + 20
LIKE = 0.95
SPOKEN_SECONDS = 6.0
BUFFERED_SECONDS = 32768 / (2 * sound.RATE)  # what Asterisk has not written yet (findings: blocks of 32 KB)
UNDERWAY_SECONDS = 0.4  # what the telephone has said and the line has not delivered


@dataclass
class Again:
    """The hotline made again, and a telephone network that calls it."""

    hotline: HotlineUnderTest
    network: Network
    known: dict[str, Any]
    """A ticket of the hotline that was lost."""
    prompts: Prompts

    async def citizen(self, stack: AsyncExitStack, number: str) -> AsteriskLine:
        decisions = await stack.enter_async_context(Decisions(self.hotline.settings))
        return AsteriskLine(self.network.caller(number), self.prompts, decisions)


class Restored(HotlineUnderTest):
    """Its folder is there already."""

    def _prepare(self) -> None:
        return


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def again(hotline: HotlineUnderTest, network: Network, prompts: Prompts, decisions: Decisions, folder: Path) -> AsyncIterator[Again]:
    before = AsteriskLine(network.caller("13900008888"), prompts, decisions)
    await Caller(before).dials("12345").presses("2").hears("voicemail-notice").speaks("noise.wav").hangs_up()
    known = await until(lambda: ticket_of(hotline, before.telephone.number), "a ticket", 10)
    plan = Plan(folder / "again", PORT, PORT + 1, PORT + 2, PORT + 3, (30000, 30999))
    await asyncio.to_thread(backup.write, hotline.settings, folder / "hotline.tar.gz")
    await asyncio.to_thread(restore.read, folder / "hotline.tar.gz", plan.home, {})
    wiring = Wiring(
        folder / "there", hotline_port=PORT, address="127.0.0.5", sip_port=PORT, phones_port=PORT + 4, ami_port=PORT + 5, rtp_ports=(31000, 31499)
    )
    async with Restored(plan) as made, Network(wiring, find(made.settings.downloads)) as there:
        yield Again(made, there, known, Prompts(made.settings.sounds / "zh"))


async def test_a_restored_hotline_knows_its_tickets_and_takes_calls(hotline: HotlineUnderTest, again: Again) -> None:
    found = await ticket_of(again.hotline, "13900008888")
    assert (found["number"], found["path"]) == (again.known["number"], "12345-2")
    voice = (await again.hotline.get(f"/api/tickets/{found['number']}/audio")).content
    assert voice == (await hotline.get(f"/api/tickets/{found['number']}/audio")).content
    async with AsyncExitStack() as stack:
        after = await again.citizen(stack, "13900009999")
        await Caller(after).dials("12345").presses("2").hears("voicemail-notice").speaks("later.wav").hangs_up()
    ticket = await until(lambda: ticket_of(again.hotline, "13900009999"), "a new ticket", 10)
    assert ticket["number"] > again.known["number"], "numbers go on after the last one given out"


async def test_what_was_said_until_asterisk_was_killed_is_a_ticket(again: Again, tmp_path: Path) -> None:
    """kill -9 of Asterisk in mid-message: all that had reached the disk is kept, can be played and is marked as cut off."""
    said = sound.babble(SPOKEN_SECONDS, seed=9)
    async with AsyncExitStack() as stack:
        line = await again.citizen(stack, "13900007777")
        await Caller(line).dials("12345").presses("2").hears("voicemail-notice").stays()
        await line.telephone.waits_for_tone()
        await line.telephone.speaks(said)
        await again.hotline.kill("asterisk")
        await Caller(line).hangs_up()
    ticket = await until(lambda: ticket_of(again.hotline, "13900007777"), "a ticket after the crash", 30)
    assert (ticket["channel"], ticket["path"], ticket["truncated"]) == ("voicemail", "12345-2", True)
    (tmp_path / "message.wav").write_bytes((await again.hotline.get(f"/api/tickets/{ticket['number']}/audio")).content)
    kept = said[: int((SPOKEN_SECONDS - BUFFERED_SECONDS - UNDERWAY_SECONDS) * sound.RATE)]
    assert sound.match(sound.read(tmp_path / "message.wav"), kept).correlation >= LIKE
    await again.hotline.healthy()
    async with AsyncExitStack() as stack:
        await Caller(await again.citizen(stack, "13900006666")).dials("12345").hears("welcome").hangs_up()
