"""A telephone that vanishes while it rings, without a word: its caller goes on to the next agent, and it rings nobody any more."""

from __future__ import annotations

import asyncio

from queues import people
from queues.desk import ask
from telephone.cable import CablePhone
from tests.calls.conftest import until
from tests.calls.staff import accounts
from tests.conversations.conftest import BY, CALLS, SIP_PORT, Floor
from tests.conversations.ears import everybody, soon
from tickets.database import Database

pytestmark = CALLS
FOUND_SECONDS = 13.0  # looked after every 10 s, 3 s for an answer (pjsip.conf)


async def test_a_cable_that_is_pulled_while_the_telephone_rings(floor: Floor) -> None:
    wang, home = floor.phones["wang"], floor.hotline.plan.home
    talking, _ = await floor.talk()
    (account,) = await accounts(floor.hotline, "zhao")
    database = Database(floor.hotline.settings.database_url)
    await asyncio.to_thread(people.add, database, BY, "zhao", {"name": "zhao", "work_number": "109", "skills": {"noise": 5}})
    database.close()
    async with CablePhone(("127.0.0.1", SIP_PORT + 9), hotline=("127.0.0.1", SIP_PORT), account=account) as phone:
        await asyncio.to_thread(ask, home, "agent.login", BY, login="zhao", phone="zhao")
        await until(lambda: floor.is_doing("zhao", "available"), "zhao is there")
        citizen = floor.network.caller("13700000099")
        await citizen.dials("1234511")
        await phone.rings()
        await until(lambda: floor.is_doing("zhao", "ringing"), "zhao is rung")
        phone.pull()
        pulled = asyncio.get_running_loop().time()
        await talking.hangs_up()
        await wang.rings(within=10)
        await wang.answers()
        await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
        left = FOUND_SECONDS + 2 - (asyncio.get_running_loop().time() - pulled)
        await until(lambda: floor.is_doing("zhao", "unavailable"), "zhao's telephone is gone", left)
        assert "PJSIP/zhao-" not in floor.hotline.asterisk("core show channels concise"), "no channel rings the air"
        other = floor.network.caller("13700000098")
        await other.dials("1234511")
        await citizen.hangs_up()
        await wang.rings(within=5)
        assert not await floor.is_doing("zhao", "ringing")
        await other.hangs_up()
        await asyncio.to_thread(ask, home, "agent.logout", BY, login="zhao")
