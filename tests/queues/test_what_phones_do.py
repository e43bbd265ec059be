"""From the events of a phone to what its agent is doing: rung, talking, on hold, resting, gone; and what app_queue is told of it."""

from __future__ import annotations

import pytest

from queues import phone_events
from queues.phone_events import PhoneEvents
from tests.queues.desk_house import CITY, LI, House
from tests.queues.desk_house import cheap as cheap  # noqa: PLC0414 - a fixture here, too
from tests.queues.desk_house import house as house  # noqa: PLC0414 - a fixture here, too
from tests.queues.desk_house import rows as rows  # noqa: PLC0414 - a fixture here, too


async def test_a_call_from_ring_to_rest_to_free(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PhoneEvents, "rest_seconds", lambda self, standing: 0.2)
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    leg = {"Channel": "PJSIP/1001-00000001", "Uniqueid": "1.2", "Linkedid": "1.1"}
    house.queues.says("Newchannel", **leg, ChannelState="0")
    house.queues.says("AgentCalled", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1")
    house.queues.tell("QueueMemberStatus", ("hotline-general", "PJSIP/1001"), "3")  # busy, says PJSIP of a phone that rings
    house.queues.says("Newstate", **leg, ChannelState="5")
    await house.until(lambda: li.state == "ringing")
    house.queues.says("AgentConnect", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1")
    house.queues.says("BridgeEnter", **leg)
    house.queues.says("Hold", **leg)
    await house.until(lambda: li.state == "on_hold")
    house.queues.says("Unhold", **leg)
    await house.until(lambda: li.state == "talking" and house.queues.state("1001") == {("1", "in_call")})
    house.queues.says("Hangup", **leg)
    await house.until(lambda: li.state == "after_call_work" and house.queues.state("1001") == {("1", "after_call_work")})
    await house.until(lambda: li.state == "available" and house.queues.state("1001") == {("0", "")})
    assert [line["state"] for line in house.said] == ["available", "ringing", "talking", "on_hold", "talking", "after_call_work", "available"]


async def test_what_the_dialplan_has_told_app_queue_is_not_told_again(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    house.queues.pauses("PJSIP/1001", True, "in_call")
    house.queues.says("Newchannel", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    house.queues.says("BridgeEnter", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    await house.until(lambda: house.keeper.people["li"].state == "talking")
    assert house.queues.peer.count("QueuePause") == 0


async def test_missed_calls_sit_out_and_too_many_pause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_events, "SIT_OUT_SECONDS", 0.1)
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for n in range(CITY.queues["general"].missed_calls):
        await house.until(lambda: li.state == "available")
        house.queues.says("AgentRingNoAnswer", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1", RingTime="15000")
        await house.until(lambda: li.missed == n + 1)  # noqa: B023 - waited for here
    await house.until(lambda: house.queues.state("1001") == {("1", "missed_calls")})
    assert (await house.do("ready", LI, login="li"))["state"] == "available" and house.queues.state("1001") == {("0", "")}


async def test_a_phone_that_is_gone_is_seen_before_it_has_stopped_to_ring(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    house.queues.says("Newchannel", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    house.queues.says("Newstate", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1", ChannelState="5")
    await house.until(lambda: li.state == "ringing")
    house.queues.says("ContactStatus", AOR="1001", ContactStatus="Unreachable")
    await house.until(lambda: (li.state, li.why) == ("unavailable", "phone"))
    house.queues.says("ContactStatus", AOR="1001", ContactStatus="Reachable")
    house.queues.says("Hangup", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    await house.until(lambda: li.state == "available")


def leg(number: int) -> dict[str, str]:
    return {"Channel": f"PJSIP/1001-{number:08x}", "Uniqueid": f"1.{number}", "Linkedid": "1.1"}


CONNECT = ("AgentConnect", {"Interface": "PJSIP/1001", "Queue": "hotline-general", "Linkedid": "1.1"})
CALLS: dict[str, tuple[list[tuple[str, dict[str, str]]], bool]] = {
    "caller or agent hangs up, or a blind transfer": (
        [("Newchannel", leg(2)), CONNECT, ("BridgeEnter", leg(2)), ("Hangup", leg(2))], True,
    ),
    "attended transfer: two legs, the second outlives the first": (
        [("Newchannel", leg(2)), CONNECT, ("BridgeEnter", leg(2)), ("Newchannel", leg(3)), ("BridgeEnter", leg(3)), ("Hangup", leg(2)), ("Hangup", leg(3))], True,
    ),
    "a call of their own, or a call-back": (
        [("Newchannel", leg(2) | {"ChannelState": "4"}), ("Newstate", leg(2) | {"ChannelState": "6"}), ("BridgeEnter", leg(2)), ("Hangup", leg(2))], True,
    ),
    "a call that nobody answered": ([("Newchannel", leg(2)), ("Newstate", leg(2) | {"ChannelState": "5"}), ("Hangup", leg(2))], False),
    "a feature code": ([("Newchannel", leg(2) | {"ChannelState": "4"}), ("Newstate", leg(2) | {"ChannelState": "6"}), ("Hangup", leg(2))], False),
}  # fmt: skip


@pytest.mark.parametrize("kind", CALLS)
async def test_after_call_work_comes_after_every_conversation_and_nothing_else(house: House, kind: str) -> None:
    events, rests = CALLS[kind]
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for name, fields in events:
        house.queues.says(name, **fields)
    house.queues.says("UserEvent", UserEvent="HotlineLeg", Phone="1001", State="on_hold")
    await house.until(lambda: li.held)
    assert li.state == ("after_call_work" if rests else "available")
    if rests:
        assert li.until is not None and li.until - li.since == pytest.approx(10, abs=0.1)
        await house.until(lambda: house.queues.state("1001") == {("1", "after_call_work")})
        assert (await house.do("ready", LI, login="li"))["state"] == "available"
    await house.until(lambda: house.queues.state("1001") == {("0", "")})


async def test_while_the_second_leg_of_a_consultation_talks_nobody_rests(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for name, fields in (("Newchannel", leg(2)), CONNECT, ("Newchannel", leg(3)), ("BridgeEnter", leg(3)), ("Hangup", leg(2))):
        house.queues.says(name, **fields)
    await house.until(lambda: set(li.legs) == {"1.3"})
    assert li.state == "talking"
