"""A warm transfer on real calls: the agent talks with the department first, our ticket's number goes along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from hotline import phones
from hotline.asterisk import ours
from ivr import services
from ivr.queueing import CallBacks
from queues.actor import SUPERVISOR, Actor, Refused
from queues.conversation import Conversations
from queues.reach import OUTSIDE, Reach, Reachable
from telephone import sound
from telephone.caller import Caller
from telephone.phone import Phone, PhoneAccount
from tests.agi.real import RealHotline
from tests.merged.test_modes import TAX, logged, number

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]
TICKET = "20261122-000042"
QUEUE = "hotline-general"
LEADER = Actor(SUPERVISOR)
MIXED = 0.5  # a room mixes all voices; another clip is below 0.2


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
    deeds: Conversations

    @property
    def linkedid(self) -> str:
        return logged(self.hotline, self.citizen)[0][2]

    async def consults(self, name: str) -> dict[str, Any]:
        """As the agent's supervisor, or the agent, asks the API for it."""
        return await self.deeds.transfer(LEADER, self.linkedid, OUTSIDE, name, talk_first=True)

    async def hear_each_other_first(self, other: Phone) -> None:
        """The agent and the department, while the citizen hears music."""
        await asyncio.gather(other.leg.has_heard(other.leg.samples_heard + 4000, 5), self.agent.leg.has_heard(self.agent.leg.samples_heard + 4000, 5))
        await other.speaks(sound.babble(1.0, 90))
        await self.agent.leg.has_heard(self.agent.leg.samples_heard + 10_000, 5)
        assert sound.match(self.agent.heard, sound.babble(1.0, 90)).correlation >= MIXED

    async def hear_each_other(self, other: Phone) -> None:
        words = {who: sound.babble(1.0, seed) for seed, who in enumerate(("citizen", "other"), 70)}
        await asyncio.gather(self.citizen.speaks(words["citizen"]), other.speaks(words["other"]))
        await self.citizen.hears(words["other"], "the other side", within=8, like=MIXED)


@pytest_asyncio.fixture(loop_scope="package")
async def talk(hotline: RealHotline, agent: Phone) -> AsyncIterator[Talk]:
    citizen = hotline.network.caller(number())
    await citizen.dials("12349")
    await agent.rings()
    await agent.answers()
    legs = await _legs(hotline)
    await hotline.link.action({"Action": "Setvar", "Channel": legs["citizen"], "Variable": "__HOTLINE_TICKET", "Value": TICKET})
    yield Talk(hotline, citizen, agent, _deeds(hotline))
    await citizen.hangs_up()
    await agent.is_free()


def _deeds(hotline: RealHotline) -> Conversations:
    async def phone_of(login: str) -> str:
        return "agent-1001"

    async def reachable() -> Reachable:
        return Reachable(("agent-1001",), hotline.city.queues, {key: one.number for key, one in services.outside(hotline.city).items()}, CallBacks())

    return Conversations(hotline.link, phone_of, Reach(reachable, phone_of))


async def _legs(hotline: RealHotline) -> dict[str, str]:
    answer = await hotline.link.action({"Action": "CoreShowChannels"})
    return {"agent" if event["Channel"].startswith("PJSIP/agent") else "citizen": event["Channel"] for event in answer if event["Channel"].startswith("PJSIP/")}


async def test_the_department_is_told_our_ticket_talks_with_the_agent_and_then_with_the_citizen(talk: Talk) -> None:
    centre = talk.hotline.network.centre(TAX)
    await talk.consults("12366")
    await centre.rings()
    assert (await centre.told("X-Hotline-Ticket"), await centre.told("X-Hotline-Call")) == (TICKET, talk.linkedid)
    await centre.answers()
    await talk.agent.hangs_up()  # who hangs up has passed the citizen on
    await talk.hear_each_other(centre)
    await talk.hotline.until(lambda: bool(ended(talk)))
    assert [line[:2] for line in passes(talk)] == [["12366", "HOTLINEPASS"], ["12366", "HOTLINEACCEPT"], ["12366", "HOTLINEPASSEND"]]
    assert ended(talk) == ["ANSWER"]
    await centre.hangs_up()


async def test_the_agent_leaves_the_two_alone_by_the_service_and_others_cannot_be_reached(talk: Talk) -> None:
    with pytest.raises(Refused, match="not on the list"):
        await talk.consults("055812345678")
    centre = talk.hotline.network.centre(TAX)
    await talk.consults("12366")
    await centre.rings()
    await centre.answers()
    await talk.hear_each_other_first(centre)
    await talk.deeds.complete(LEADER, talk.linkedid)
    await talk.hear_each_other(centre)
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
    assert (await waiting(talk, 3))[0] == talk.citizen.number
    assert ended(talk) == ["CANCEL"]
    await centre.is_free()
    for caller in (talk.citizen, *others):
        await caller.hangs_up()


async def waiting(talk: Talk, callers: int) -> list[str]:
    """The numbers of those who wait, the first first."""
    async with asyncio.timeout(20):
        while True:
            answer = await talk.hotline.link.action({"Action": "QueueStatus", "Queue": QUEUE})
            entries = sorted((event.number("Position"), event["CallerIDNum"]) for event in answer if event.name == "QueueEntry")
            if len(entries) == callers:
                return [number for _, number in entries]
            await asyncio.sleep(0.1)


def passes(talk: Talk) -> list[list[str]]:
    return [line for line in logged(talk.hotline, talk.citizen) if "PASS" in line[1] or "ACCEPT" in line[1]]


def ended(talk: Talk) -> list[str]:
    return [line[4] for line in passes(talk) if line[1] == "HOTLINEPASSEND"]
