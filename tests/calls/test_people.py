"""Callers and agents: who is put through, what they hear of each other, and what happens when nobody is there."""

from __future__ import annotations

import asyncio

from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest
from telephone.phone import Phone
from tests.calls.asterisk_line import spoken
from tests.calls.conftest import CALLS, Citizen, ticket_of, until
from tests.scenario import Caller

pytestmark = CALLS

LIKE = 0.95


async def test_a_citizen_and_an_agent_hear_each_other(citizen: Citizen, agent: Phone) -> None:
    line = citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await agent.answers()
    await asyncio.gather(line.telephone.speaks(spoken("citizen")), agent.speaks(spoken("agent")))
    await agent.leg.has_heard(agent.leg.samples_heard + 4000, 1)
    assert sound.match(agent.heard, spoken("citizen")).correlation >= LIKE
    assert sound.match(line.telephone.heard, spoken("agent")).correlation >= LIKE
    await Caller(line).hangs_up()


async def test_a_draft_is_open_when_the_agent_answers_and_finished_when_they_hang_up(
    citizen: Citizen, agent: Phone, hotline: HotlineUnderTest
) -> None:
    line = citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await agent.answers()
    draft = await until(lambda: ticket_of(hotline, line.telephone.number), "a draft ticket")
    assert (draft["status"], draft["type"], draft["path"], draft["called"]) == ("draft", "complaint", "12345-1-1", "1234511")
    assert draft["linkedid"]
    await agent.hangs_up()
    await Caller(line).is_hung_up_on()

    async def finished() -> bool:
        return (await ticket_of(hotline, line.telephone.number))["status"] == "open"

    await until(finished, "the ticket finished")


async def test_nobody_answers_so_a_message_is_offered(caller: Caller) -> None:
    story = caller.dials("1234511").hears("recording-notice").hears("offer-voicemail", within=25).presses("1")
    await story.hears("voicemail-notice").hangs_up()


async def test_a_caller_may_go_on_waiting(citizen: Citizen, agent: Phone) -> None:
    line = citizen()
    await Caller(line).dials("1234511").hears("offer-voicemail", within=25).presses("2").hears("all-busy").stays()
    await agent.rings()
    await agent.answers()
    await agent.hangs_up()
    await Caller(line).is_hung_up_on()


async def test_nobody_is_logged_in_so_a_message_is_offered_at_once(caller: Caller, agent: Phone) -> None:
    await agent.unregister()
    try:
        await caller.dials("1234511").hears("recording-notice").hears("offer-voicemail", within=5).hangs_up()
    finally:
        await agent.register_again()


async def test_a_phone_on_loopback_is_not_taken_for_the_trunk(hotline: HotlineUnderTest, agent: Phone) -> None:
    """Its address, 127.0.0.1, is one of the trunk's too."""
    assert f"{agent.name}/sip:{agent.name}@127.0.0.1" in hotline.asterisk("pjsip show contacts")

