"""What is sent to Asterisk for each deed, and what is refused before anything is sent. (Who hears whom: tests/conversations.)"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from ivr.queueing import CallBacks
from queues import live_legs
from queues.actor import Actor, Refused
from queues.calls_out import CallsOut
from queues.conversation import Conversations
from queues.errors import ResultUnknown
from queues.event import Answer, Event
from queues.outgoing import Outgoing
from queues.reach import Reach, Reachable
from queues.supervision import Supervision
from queues.waiting_callers import WaitingCallers
from queues.wire import Fields

CALL = "h-1.1"
LI, WANG, BOSS = Actor("agent", agent="li"), Actor("agent", agent="wang"), Actor("supervisor", name="boss")
KNOWN = Reachable({"wang", "li", "boss"}, {"general", "complaints", "night"}, {"police": "110"}, CallBacks(), {"night"})


def leg(channel: str, uniqueid: str, where: str = "hotline-queue,s", bridge: str = "b1", linkedid: str = CALL, state: str = "6", age: int = 9) -> Event:
    context, exten = where.split(",")
    headers = {
        "Event": "CoreShowChannel", "Channel": channel, "Uniqueid": uniqueid, "Linkedid": linkedid, "Context": context, "Exten": exten,
        "Application": "Queue", "BridgeId": bridge, "ChannelState": state, "Duration": f"00:00:{age:02d}",
    }  # fmt: skip
    return Event.of(headers)


CITIZEN = leg("PJSIP/trunk-00000001", CALL)
AGENT = leg("PJSIP/wang-00000002", "h-1.2", "hotline-phones,s", age=8)


class Peer:
    """Answers as Asterisk would; `sent` is what changes something."""

    def __init__(self, *legs: Event, entries: Iterable[Event] = (), lost: str = "") -> None:
        self.legs, self.entries, self.lost = legs, tuple(entries), lost
        self.sent: list[dict[str, object]] = []
        self.came = asyncio.Event()

    async def action(self, fields: Fields, *, seconds: float | None = None) -> Answer:
        await asyncio.sleep(0)
        name = fields["Action"]
        if name == "CoreShowChannels":
            return Answer(Event("", {"response": "Success"}), self.legs)
        if name == "QueueStatus":
            return Answer(Event("", {"response": "Success"}), self.entries)
        self.sent.append(dict(fields))
        self.came.set()
        if name == self.lost:
            raise ResultUnknown("lost")
        return Answer(Event("", {"response": "Success"}))

    async def was_sent(self, name: str) -> None:
        async with asyncio.timeout(30):
            while not self.of(name):
                self.came.clear()
                await self.came.wait()

    def of(self, name: str) -> list[dict[str, object]]:
        return [fields for fields in self.sent if fields["Action"] == name]


async def phone_of(login: str) -> str:
    return {"wang": "wang", "li": "li"}.get(login, "")


async def role_at(phone: str) -> str:
    return "agent" if phone == "li" else ""


async def known() -> Reachable:
    return KNOWN


def talks(peer: Peer) -> Conversations:
    return Conversations(peer, phone_of, Reach(known, phone_of))


async def test_the_first_hold_takes_both_out_of_the_queues_bridge_at_once() -> None:
    peer = Peer(CITIZEN, AGENT)
    await talks(peer).hold(WANG, CALL)
    (redirect,) = peer.of("Redirect")
    assert (redirect["Channel"], redirect["Exten"]) == ("PJSIP/trunk-00000001", "citizen")
    assert (redirect["ExtraChannel"], redirect["ExtraExten"]) == ("PJSIP/wang-00000002", "hold")


async def test_in_the_room_only_the_agent_moves() -> None:
    peer = Peer(leg("PJSIP/trunk-00000001", CALL, "hotline-room,citizen"), leg("PJSIP/wang-00000002", "h-1.2", "hotline-room,hold", bridge=""))
    await talks(peer).resume(WANG, CALL)
    (redirect,) = peer.of("Redirect")
    assert (redirect["Channel"], redirect["Exten"]) == ("PJSIP/wang-00000002", "talk")
    assert "ExtraChannel" not in redirect


async def test_a_lost_answer_is_not_asked_for_again() -> None:
    peer = Peer(CITIZEN, AGENT, lost="Redirect")
    with pytest.raises(ResultUnknown):
        await talks(peer).hold(WANG, CALL)
    assert len(peer.of("Redirect")) == 1


async def test_two_deeds_on_one_call_do_not_cross() -> None:
    peer = Peer(CITIZEN, AGENT)
    talk = talks(peer)
    done = await asyncio.gather(talk.hold(WANG, CALL), talk.transfer(WANG, CALL, "phone", "li"), return_exceptions=True)
    assert [type(one) for one in done] == [dict, Refused]
    assert len(peer.of("Redirect")) == 1


@pytest.mark.parametrize(
    ("by", "call", "status"),
    [
        (LI, CALL, 403),
        (Actor("agent"), CALL, 403),
        (Actor("agent", agent="zhang"), CALL, 403),
        (Actor("integration"), CALL, 403),
        (WANG, "h-1.9", 404),
        (WANG, "h-1.1\r\nAction: Logoff", 404),
    ],
)
async def test_whose_call_it_is_not_changes_nothing(by: Actor, call: str, status: int) -> None:
    peer = Peer(CITIZEN, AGENT)
    with pytest.raises(Refused) as no:
        await talks(peer).hold(by, call)
    assert no.value.status == status
    assert not peer.sent


async def test_a_supervisor_acts_for_the_agent() -> None:
    peer = Peer(CITIZEN, AGENT)
    assert (await talks(peer).hold(BOSS, CALL))["state"] == "on_hold"


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [("outside", "120", 403), ("outside", "fire", 403), ("queue", "nowhere", 404), ("queue", "night", 409), ("agent", "zhang", 409), ("phone", "x", 404), ("fax", "1", 422)],
)
async def test_whom_nobody_may_reach(kind: str, name: str, status: int) -> None:
    peer = Peer(CITIZEN, AGENT)
    with pytest.raises(Refused) as no:
        await talks(peer).transfer(WANG, CALL, kind, name)
    assert no.value.status == status
    assert not peer.sent


async def test_a_queue_can_be_asked_first_but_not_called_into_the_talk() -> None:
    peer = Peer(CITIZEN, AGENT)
    assert await talks(peer).transfer(WANG, CALL, "queue", "general", talk_first=True) == {"state": "consulting", "linkedid": CALL, "to": "general"}
    (redirect,) = peer.of("Redirect")
    assert (redirect["ExtraContext"], redirect["ExtraExten"], redirect["Exten"]) == ("hotline-moved", "q-general", "citizen")
    with pytest.raises(Refused, match="ask it first"):
        await talks(Peer(CITIZEN, AGENT)).conference(WANG, CALL, "queue", "general")


@pytest.mark.parametrize("exten", ["consult", "colleagues"])
async def test_whoever_was_asked_of_a_queue_is_found_as_a_colleague_is(exten: str) -> None:
    asked = leg("PJSIP/li-00000003", "h-1.3", "hotline-phones,", bridge="b2", age=3)
    peer = Peer(leg("PJSIP/trunk-00000001", CALL, "hotline-room,citizen"), leg("PJSIP/wang-00000002", "h-1.2", f"hotline-move,{exten}", bridge="b2"), asked)
    assert (await talks(peer).conference(WANG, CALL))["state"] == "conference"
    (redirect,) = peer.of("Redirect")
    assert (redirect["Channel"], redirect["ExtraChannel"]) == ("PJSIP/li-00000003", "PJSIP/wang-00000002")


async def test_the_number_of_an_entry_is_the_entry() -> None:
    peer = Peer(CITIZEN, AGENT)
    await talks(peer).transfer(WANG, CALL, "outside", "110")
    assert peer.of("Redirect")[0]["Exten"] == "n-police"


async def test_a_citizen_who_was_called_is_no_agent_and_the_one_consulted_no_citizen() -> None:
    agent = leg("PJSIP/wang-00000001", "out-1", "hotline-move,consult", "b2", "out-1")
    home = leg("PJSIP/trunk-00000002", "h-1.2", "hotline-room,citizen", "b1", "out-1", age=8)
    other = leg("PJSIP/trunk-00000003", "h-1.3", "hotline-trunk,s", "b2", "out-1", age=1)
    talk = await live_legs.look(Peer(other, agent, home), "out-1")
    assert talk.citizen.channel == "PJSIP/trunk-00000002"
    assert talk.consulted(talk.persons[0]) == talk.persons[1]


async def test_listening_may_be_switched_off() -> None:
    peer = Peer(CITIZEN, AGENT)
    lead = Supervision(peer, talks(peer), Outgoing(peer), phone_of, role_at, allowed=False, shown="12345")
    for mode in ("listen", "whisper"):
        with pytest.raises(Refused) as no:
            await lead.supervise(BOSS, CALL, mode, "boss")
        assert no.value.status == 403
    assert not peer.sent


async def test_no_call_is_heard_at_the_phone_of_somebody_without_the_role() -> None:
    peer = Peer(CITIZEN, AGENT)
    lead = Supervision(peer, talks(peer), Outgoing(peer), phone_of, role_at, allowed=True, shown="12345")
    with pytest.raises(Refused, match="may not listen"):
        await lead.supervise(BOSS, CALL, "listen", "li")
    assert not peer.sent


async def test_a_supervisors_phone_is_rung_once_by_an_id_of_ours() -> None:
    peer = Peer(CITIZEN, AGENT, lost="Originate")
    outgoing = Outgoing(peer)
    lead = Supervision(peer, talks(peer), outgoing, phone_of, role_at, allowed=True, shown="12345")
    await lead.supervise(BOSS, CALL, "listen", "boss")
    await peer.was_sent("Originate")
    (rung,) = peer.of("Originate")
    assert str(rung["ChannelId"]).startswith(f"spy-{CALL}-")
    assert "HOTLINE_SPIED=h-1.2" in str(rung["Variable"])
    peer.legs = (*peer.legs, leg("PJSIP/boss-00000003", str(rung["ChannelId"]), "hotline-supervise,listen", "", "h-1.3", state="5"))
    with pytest.raises(Refused, match="in use|ringing"):
        await lead.supervise(BOSS, CALL, "whisper", "boss")
    assert len(peer.of("Originate")) == 1


def entry(queue: str, uniqueid: str, wait: int) -> Event:
    return Event.of({"Event": "QueueEntry", "Queue": queue, "Uniqueid": uniqueid, "Channel": f"PJSIP/trunk-{uniqueid}", "Wait": str(wait)})


async def test_a_moved_caller_goes_behind_those_who_waited_longer() -> None:
    entries = [entry("hotline-complaints", "h-1", 30), entry("hotline-general", "h-2", 40), entry("hotline-general+tax", "h-3", 10)]
    peer = Peer(entries=entries)
    assert (await WaitingCallers(peer, known).move(BOSS, "complaints", "h-1", "general"))["position"] == 2
    assert [fields["Action"] for fields in peer.sent] == ["Setvar", "Setvar", "QueueWithdrawCaller"]


@pytest.mark.parametrize(("to", "position", "status"), [("nowhere", 0, 404), ("night", 0, 409), ("", 0, 422), ("general", -1, 422)])
async def test_where_no_caller_is_moved(to: str, position: int, status: int) -> None:
    peer = Peer(entries=[entry("hotline-complaints", "h-1", 30)])
    with pytest.raises(Refused) as no:
        await WaitingCallers(peer, known).move(BOSS, "complaints", "h-1", to, position)
    assert no.value.status == status and not [fields for fields in peer.sent if fields["Action"] != "QueueStatus"]


def calls_out(peer: Peer) -> CallsOut:
    """Each ticket is named after its caller."""

    async def caller_of(ticket: str) -> str:
        return "" if ticket == "withheld" else ticket

    return CallsOut(Outgoing(peer), phone_of, caller_of, known, "12345")


@pytest.mark.parametrize(
    ("caller", "outside", "status"),
    [
        ("withheld", "", 409),
        ("13800138000", "fire", 403),
        # Whoever calls says what number they have: none of these is called back because of it.
        ("008613800138000", "", 403),
        ("+8613800138000", "", 403),
        ("16800000", "", 403),
        ("9001234567", "", 403),
        ("110", "", 403),
        ("13800138000\n", "", 403),
    ],
)
async def test_only_the_tickets_caller_or_a_listed_number_is_called(caller: str, outside: str, status: int) -> None:
    peer = Peer()
    with pytest.raises(Refused) as no:
        await calls_out(peer).call(WANG, caller, outside)
    assert no.value.status == status
    assert not peer.sent


@pytest.mark.parametrize(("caller", "outside", "number"), [("13800138000", "", "13800138000"), ("withheld", "police", "110")])
async def test_a_citizens_number_and_a_listed_one_are_called(caller: str, outside: str, number: str) -> None:
    peer = Peer()
    await calls_out(peer).call(WANG, caller, outside)
    await peer.was_sent("Originate")
    assert f"HOTLINE_OUT={number}" in str(peer.of("Originate")[0]["Variable"])


async def test_a_supervisor_leaves_and_others_go_on_listening() -> None:
    spies = [leg(f"PJSIP/{phone}-0000000{at}", f"spy-{CALL}-{at}", "hotline-supervise,listen", "", f"h-1.{at}") for at, phone in ((3, "boss"), (4, "chief"))]
    peer = Peer(CITIZEN, AGENT, *spies)
    lead = Supervision(peer, talks(peer), Outgoing(peer), phone_of, role_at, allowed=True, shown="12345")
    for phone, status in (("", 422), ("li", 409)):  # whose part, this token does not say
        with pytest.raises(Refused) as no:
            await lead.leave(BOSS, CALL, phone)
        assert no.value.status == status
    assert not peer.sent
    await lead.leave(BOSS, CALL, "boss")
    assert [fields["Channel"] for fields in peer.sent] == ["PJSIP/boss-00000003"]
