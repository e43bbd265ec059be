"""A warm transfer on real calls: the agent talks with the department first, our ticket's number goes along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from hotline import phones
from hotline.asterisk import ours
from telephone import sound
from telephone.caller import Caller
from telephone.phone import Phone, PhoneAccount
from tests.agi.real import RealHotline
from tests.merged.test_modes import TAX, logged, number

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]
TICKET = "20261122-000042"
QUEUE = "hotline-general"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def agent(running: RealHotline) -> Phone:
    """The one agent of the general queue, at a phone that has registered."""
    account = phones.add(running.settings, "agent-1001", ("general",))
    ours.configure(running.settings, running.asterisk.runtime)
    await asyncio.to_thread(running.asterisk.reload, "module reload res_pjsip.so", "queue reload all", "dialplan reload")
    return await running.network.phone(PhoneAccount(account.name, account.secret))


@dataclass
class Talk:
    """A citizen and an agent who talk; the ticket is open, and the service has told the call its number."""

    hotline: RealHotline
    citizen: Caller
    agent: Phone
    legs: dict[str, str]

    async def action(self, **fields: str) -> None:
        await self.hotline.link.action(fields)

    async def consults(self, name: str) -> None:
        """As the service does it: the citizen hears music, the agent's leg goes to the department."""
        await self.action(Action="Setvar", Channel=self.legs["agent"], Variable="HOTLINE_LEG", Value="consult")
        await self.action(
            Action="Redirect", Channel=self.legs["citizen"], Context="hotline-room", Exten="citizen", Priority="1",
            ExtraChannel=self.legs["agent"], ExtraContext="hotline-moved", ExtraExten=f"n-{name}", ExtraPriority="1",
        )  # fmt: skip

    async def hear_each_other(self, other: Phone) -> None:
        words = {who: sound.babble(1.0, seed) for seed, who in enumerate(("citizen", "other"), 70)}
        await asyncio.gather(self.citizen.speaks(words["citizen"]), other.speaks(words["other"]))
        await self.citizen.hears(words["other"], "the other side", within=6)


@pytest_asyncio.fixture(loop_scope="package")
async def talk(hotline: RealHotline, agent: Phone) -> AsyncIterator[Talk]:
    citizen = hotline.network.caller(number())
    await citizen.dials("12349")
    await agent.rings()
    await agent.answers()
    legs = await _legs(hotline)
    await hotline.link.action({"Action": "Setvar", "Channel": legs["citizen"], "Variable": "__HOTLINE_TICKET", "Value": TICKET})
    yield Talk(hotline, citizen, agent, legs)
    await citizen.hangs_up()
    await agent.is_free()


async def _legs(hotline: RealHotline) -> dict[str, str]:
    answer = await hotline.link.action({"Action": "CoreShowChannels"})
    return {"agent" if event["Channel"].startswith("PJSIP/agent") else "citizen": event["Channel"] for event in answer if event["Channel"].startswith("PJSIP/")}


async def test_the_department_is_told_our_ticket_talks_with_the_agent_and_then_with_the_citizen(talk: Talk) -> None:
    centre = talk.hotline.network.centre(TAX)
    await talk.consults("12366")
    await centre.rings()
    assert (await centre.told("X-Hotline-Ticket"), await centre.told("X-Hotline-Call")) == (TICKET, logged(talk.hotline, talk.citizen)[0][2])
    await centre.answers()
    await talk.agent.hangs_up()  # who hangs up has passed the citizen on
    await talk.hear_each_other(centre)
    await talk.hotline.until(lambda: bool(ended(talk)))
    assert [line[:2] for line in passes(talk)] == [["12366", "HOTLINEPASS"], ["12366", "HOTLINEACCEPT"], ["12366", "HOTLINEPASSEND"]]
    assert ended(talk) == ["ANSWER"]
    await centre.hangs_up()


async def test_the_department_is_busy_so_the_agent_has_the_citizen_back(talk: Talk) -> None:
    centre = talk.hotline.network.centre(TAX)
    await talk.consults("12366")
    await centre.rings()
    await centre.refuses()
    await talk.hotline.until(lambda: bool(ended(talk)))
    assert ended(talk) == ["BUSY"]
    await talk.hear_each_other(talk.agent)


async def test_an_agent_who_leaves_while_it_rings_sends_the_citizen_to_the_front_of_our_queue(talk: Talk, agent: Phone) -> None:
    centre = talk.hotline.network.centre(TAX)
    others = [talk.hotline.network.caller(number()) for _ in range(2)]
    await talk.consults("12366")
    await centre.rings()
    for other in others:
        await other.dials("12349")
    await waiting(talk, 2)
    await agent.hangs_up()
    await agent.rings(10)  # as a member of the queue: the next caller is the one who was first
    await agent.answers()
    assert ended(talk) == ["CANCEL"]
    await talk.hear_each_other(agent)
    for other in others:
        await other.hangs_up()


async def waiting(talk: Talk, callers: int) -> None:
    async with asyncio.timeout(15):
        while True:
            answer = await talk.hotline.link.action({"Action": "QueueStatus", "Queue": QUEUE})
            if sum(event.name == "QueueEntry" for event in answer) == callers:
                return
            await asyncio.sleep(0.1)


def passes(talk: Talk) -> list[list[str]]:
    return [line for line in logged(talk.hotline, talk.citizen) if "PASS" in line[1] or "ACCEPT" in line[1]]


def ended(talk: Talk) -> list[str]:
    return [line[4] for line in passes(talk) if line[1] == "HOTLINEPASSEND"]
