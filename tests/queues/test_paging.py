"""Who is asked to hear an announcement, who is left alone, and when nothing is said at all; and what a handed-over call writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from queues.actor import Actor, Refused
from queues.errors import ActionRefused
from queues.event import Answer, Event
from queues.handed_over import HandedOver
from queues.model import AgentState
from queues.paging import MOST_PHONES, Paging
from queues.standing import Standing
from queues.wire import Fields
from tests.queues.test_conversation import Peer, leg, phone_of

BOSS = Actor("supervisor", name="boss")


def standing(login: str, state: AgentState = AgentState.AVAILABLE, queue: str = "tax") -> Standing:
    return Standing(login, login, "1", f"p-{login}", {f"hotline-{queue}": 0}, state=state)


PEOPLE = {one.login: one for one in (standing("li"), standing("wang", AgentState.TALKING), standing("sun", queue="law"), standing("qian", AgentState.PAUSED))}


def paging(peer: Peer, people: dict[str, Standing] = PEOPLE, waiting: int = 0) -> Paging:
    async def known() -> tuple[Collection[str], Collection[str], Collection[str]]:
        return {"storm"}, {"tax", "law"}, {"boss", "p-li"}

    return Paging(peer, phone_of, people, lambda queue: waiting, known, "12345")


async def test_a_prompt_is_played_to_whoever_is_free() -> None:
    peer = Peer()
    told = await paging(peer).announce(BOSS, prompt="storm")
    assert (told["to"], told["left_out"]) == (["li", "sun"], {"talking": 1, "paused": 1})
    await peer.was_sent("Originate")
    sent = peer.of("Originate")
    assert [(one["Channel"], one["Exten"]) for one in sent] == [("PJSIP/p-li", "prompt"), ("PJSIP/p-sun", "prompt")]
    assert all(str(one["ChannelId"]).startswith("page-") and "HOTLINE_SAID=hotline/storm" in list(one["Variable"]) for one in sent)  # type: ignore[call-overload]
    assert any("answer-after=0" in variable for variable in list(sent[0]["Variable"])), "telephones that can lift by themselves"  # type: ignore[call-overload]


async def test_a_voice_is_heard_only_once_its_owner_has_lifted() -> None:
    class Unanswered(Peer):
        async def action(self, fields: Fields, *, seconds: float | None = None) -> Answer:
            answer = await super().action(fields, seconds=seconds)
            if fields["Action"] == "Originate" and fields["Exten"] == "speak":
                raise ActionRefused("the call was not answered")
            return answer

    for peer, extens in ((Peer(), ["speak", "hear"]), (Unanswered(), ["speak"])):
        page = paging(peer)
        assert (await page.announce(BOSS, phone="boss", queue="tax"))["state"] == "ringing"
        for task in list(page._tasks):
            await task
        for task in list(page._tasks):
            await task
        assert [one["Exten"] for one in peer.of("Originate")] == extens


@pytest.mark.parametrize(
    ("asked", "people", "waiting", "legs", "status", "why"),
    [
        ({"prompt": "no"}, PEOPLE, 0, (), 404, "no prompt"),
        ({"prompt": "storm", "queue": "no"}, PEOPLE, 0, (), 404, "no queue"),
        ({}, PEOPLE, 0, (), 422, "say what"),
        ({"phone": "no"}, PEOPLE, 0, (), 404, "no phone"),
        ({"phone": "boss"}, PEOPLE, 0, (leg("PJSIP/boss-00000001", "1.1"),), 409, "in use"),
        ({"prompt": "storm"}, PEOPLE, 2, (), 409, "2 callers are waiting"),
        ({"prompt": "storm"}, {"wang": PEOPLE["wang"]}, 0, (), 409, "1 talking"),
        ({"prompt": "storm"}, {}, 0, (), 409, "nobody is logged in"),
        ({"prompt": "storm"}, {str(n): replace(PEOPLE["li"], login=str(n)) for n in range(MOST_PHONES + 1)}, 0, (), 409, "name a queue"),
        ({"prompt": "storm"}, PEOPLE, 0, (leg("PJSIP/p-zhao-00000001", "page-1234-1"),), 409, "something else"),
    ],
)  # fmt: skip
async def test_when_nothing_is_said(asked: dict[str, str], people: dict[str, Standing], waiting: int, legs: tuple[Event, ...], status: int, why: str) -> None:
    peer = Peer(*legs)
    with pytest.raises(Refused, match=why) as no:
        await paging(peer, people, waiting).announce(BOSS, **asked)
    assert no.value.status == status and not peer.sent


class Line(Peer):
    """A link that tells of one event."""

    def subscribe(self, name: str, callback: Any) -> None:
        assert name == "AttendedTransfer"
        self.tell = callback


HANDED = {
    "Result": "Success", "OrigTransfererChannel": "PJSIP/wang-00000001", "SecondTransfererChannel": "PJSIP/wang-00000002",
    "TransfereeChannel": "PJSIP/trunk-00000000", "TransfereeUniqueid": "h-1.0", "TransfereeLinkedid": "h-1.0",
    "TransferTargetChannel": "PJSIP/li-00000003", "TransferTargetUniqueid": "h-1.5", "TransferTargetLinkedid": "h-1.0",
}  # fmt: skip
ASKED_FROM_THE_OTHER_LINE = {
    name.replace("TransferTarget", "X").replace("Transferee", "TransferTarget").replace("X", "Transferee"): value for name, value in HANDED.items()
}


@pytest.mark.parametrize("told", [HANDED, ASKED_FROM_THE_OTHER_LINE])
async def test_a_call_handed_over_is_told_as_by_every_other_way(told: dict[str, str]) -> None:
    line = Line()
    HandedOver(line)  # type: ignore[arg-type]
    line.tell(Event.of({"Event": "AttendedTransfer", **told}))
    await line.was_sent("QueueLog")
    while len(line.of("QueueLog")) < 2:
        line.came.clear()
        await line.came.wait()
    assert [(one["Event"], one["Interface"], one["Message"], one["Uniqueid"]) for one in line.of("QueueLog")] == [
        ("HOTLINETRANSFER", "wang", "h-1.0|agent|li", "h-1.0"), ("HOTLINEANSWER", "li", "h-1.0|agent", "h-1.0"),
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"Result": "Fail"}, {"TransferTargetChannel": ""}, {"TransfereeChannel": "PJSIP/zhao-00000004"}, {"OrigTransfererChannel": "PJSIP/trunk-00000009"}])
async def test_what_is_no_citizen_given_to_a_colleague_is_not_told(change: dict[str, str]) -> None:
    line = Line()
    handed = HandedOver(line)  # type: ignore[arg-type]
    line.tell(Event.of({"Event": "AttendedTransfer", **HANDED, **change}))
    assert not handed._writing and not line.sent
