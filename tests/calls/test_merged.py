"""Departments' numbers with the whole service running: the sub-centre's ticket, a warm transfer by the API, and an alarm for once real."""

from __future__ import annotations

from typing import Any

from queues.events import EventLog
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone
from tests.calls.conftest import CALLS, SUB_CENTRE, Citizen, ticket_of, until
from tests.scenario import Caller

pytestmark = CALLS


async def history(hotline: HotlineUnderTest, ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """What happened to it, and how a pass ended."""
    lines = (await hotline.get(f"/api/tickets/{ticket['number']}")).json()["history"]
    return [(line["event"], line["detail"].get("result", "")) for line in lines]


async def test_a_call_to_the_sub_centre_has_a_ticket_of_ours_and_its_acceptance_is_an_event(
    citizen: Citizen, network: Network, hotline: HotlineUnderTest
) -> None:
    centre, line = network.centre(SUB_CENTRE), citizen()
    await Caller(line).dials("12366").reaches("sub-centre").stays()
    await centre.rings()
    await centre.answers()
    ticket = await until(lambda: ticket_of(hotline, line.telephone.number), "a ticket of the pass")
    assert (ticket["status"], ticket["category"], ticket["called"], ticket["agent"]) == ("draft", "tax", "12366", "12366")
    await centre.hangs_up()
    await Caller(line).is_hung_up_on()

    async def over() -> bool:
        return ("draft_finished", "") in await history(hotline, ticket)

    await until(over, "the ticket finished")
    floor, _, _ = EventLog(hotline.settings.home).read(0)
    of_it = [line.data["what"] for line in floor if line.kind == "call" and line.data["linkedid"] == ticket["linkedid"]]
    assert (of_it[0], of_it[-1]) == ("began", "ended")
    assert [line for line in await history(hotline, ticket) if line[0] != "draft_opened"][:3] == [
        ("passed_on", ""), ("accepted", ""), ("pass_ended", "answered"),
    ]  # fmt: skip


async def test_a_warm_transfer_by_the_api_takes_the_tickets_own_number_along(
    citizen: Citizen, agent: Phone, network: Network, hotline: HotlineUnderTest
) -> None:
    centre, line = network.centre(SUB_CENTRE), citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await agent.rings()
    await agent.answers()
    ticket = await until(lambda: ticket_of(hotline, line.telephone.number), "a draft ticket")
    await until(lambda: _named(hotline, ticket), "the call knows its ticket")
    asked = {"to": {"kind": "outside", "name": "12366"}, "talk_first": True}
    assert (await hotline.post(f"/api/calls/{ticket['linkedid']}/transfer", asked)).json()["state"] == "consulting"
    await centre.rings()
    assert await centre.told("X-Hotline-Ticket") == ticket["number"]
    await centre.refuses()

    async def told() -> bool:
        return ("pass_ended", "busy") in await history(hotline, ticket)

    await until(told, "what came of it on the ticket")
    await agent.hangs_up()
    await Caller(line).is_hung_up_on()


async def _named(hotline: HotlineUnderTest, ticket: dict[str, Any]) -> bool:
    """The citizen's leg has been told; a moment after the ticket is there."""
    legs = [line.partition("!")[0] for line in hotline.asterisk("core show channels concise").splitlines() if line.startswith("PJSIP/trunk")]
    return any(f"HOTLINE_TICKET={ticket['number']}" in hotline.asterisk(f"core show channel {leg}") for leg in legs)


async def test_a_queue_without_anybody_is_an_alarm_until_somebody_is_back(agent: Phone, hotline: HotlineUnderTest) -> None:
    async def on() -> dict[str, Any] | None:
        items = (await hotline.get("/api/alarms")).json()["items"]
        return next((alarm for alarm in items if alarm["key"] == "nobody:complaints"), None)

    async def off() -> bool:
        return await on() is None

    await agent.unregister()
    try:
        await until(on, "an alarm", 20)
        await hotline.post("/api/alarms/nobody:complaints/acknowledge", {})
        assert (await on() or {})["acknowledged_by"].startswith("token ")
        assert 'hotline_alarm{acknowledged="yes",kind="nobody",subject="complaints"} 1.0' in (await hotline.get("/metrics")).text
    finally:
        await agent.register_again()
    await until(off, "the alarm over", 20)
