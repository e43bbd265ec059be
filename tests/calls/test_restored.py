"""A hotline that was lost with its machine: made again from its backup in an empty folder, and called."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline import backup, restore
from hotline.asterisk import find
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.prompts import Prompts
from tests.calls.asterisk_line import AsteriskLine, Decisions
from tests.calls.conftest import CALLS, SIP_PORT, Citizen, ticket_of, until
from tests.scenario import Caller

pytestmark = CALLS

PORT = SIP_PORT + 20


class Restored(HotlineUnderTest):
    """Its folder is there already."""

    def _prepare(self) -> None:
        return


async def test_a_restored_hotline_knows_its_tickets_and_takes_calls(hotline: HotlineUnderTest, citizen: Citizen, folder: Path) -> None:
    before = citizen()
    await Caller(before).dials("12345").presses("2").hears("voicemail-notice").speaks("noise.wav").hangs_up()
    known = await until(lambda: ticket_of(hotline, before.telephone.number), "a ticket", 10)
    plan = Plan(folder / "again", PORT, PORT + 1, PORT + 2, PORT + 3, (30000, 30999))
    await asyncio.to_thread(backup.write, hotline.settings, folder / "hotline.tar.gz")
    await asyncio.to_thread(restore.read, folder / "hotline.tar.gz", plan.home, {})
    wiring = Wiring(
        folder / "there", hotline_port=PORT, address="127.0.0.5", sip_port=PORT, phones_port=PORT + 4, ami_port=PORT + 5, rtp_ports=(31000, 31499)
    )
    async with Restored(plan) as again, Network(wiring, find(again.settings.downloads)) as network, Decisions(again.settings) as decisions:
        found = await ticket_of(again, before.telephone.number)
        assert (found["number"], found["path"]) == (known["number"], "12345-2")
        voice = (await again.get(f"/api/tickets/{found['number']}/audio")).content
        assert voice == (await hotline.get(f"/api/tickets/{known['number']}/audio")).content
        after = AsteriskLine(network.caller("13900009999"), Prompts(again.settings.sounds / "zh"), decisions)
        await Caller(after).dials("12345").presses("2").hears("voicemail-notice").speaks("later.wav").hangs_up()
        ticket = await until(lambda: ticket_of(again, "13900009999"), "a new ticket", 10)
        assert ticket["number"] > known["number"], "numbers go on after the last one given out"
