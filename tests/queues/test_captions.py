"""Captions of a talk: whose they are, what they carry, and every way they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from queues.actor import ADMINISTRATOR, AGENT, INTEGRATION, SUPERVISOR, Actor, Refused
from queues.captions import Captions
from queues.errors import ActionRefused
from queues.event import Answer, Event
from tests.queues.test_recording_control import CALL, leg, phone_of

WANG, LI, BOSS = Actor(AGENT, agent="wang"), Actor(AGENT, agent="li"), Actor(SUPERVISOR, token="T")
CAME = {"came": "a-name"}
HEARD = {"heard": "x", "side": "caller", "text": "我家漏水了", "start": 1.0, "end": 2.5, "score": -0.2}


class Floor:
    """One call with the agent wang at phone 1001, and one in a menu."""

    def __init__(self, room: bool = True, tapped: bool = True) -> None:
        self.room, self.tapped = room, tapped
        self.told: list[dict[str, Any]] = []
        self.originated: list[dict[str, Any]] = []
        self.ear: Callable[[dict[str, Any]], None] | None = None
        self.closed = 0
        self.captions = Captions(self, self.opens, self.say, phone_of, lambda linkedid: ["wang"])

    async def action(self, fields: Any, *, seconds: float | None = None) -> Answer:
        if fields["Action"] == "CoreShowChannels":
            legs = (leg("PJSIP/trunk-00000001", CALL, CALL), leg("PJSIP/1001-00000002", "h-1.2", CALL), leg("PJSIP/trunk-00000003", "h-1.3", "h-1.3"))
            return Answer(Event("", {}), legs)
        self.originated.append(dict(fields))
        if not self.tapped:
            raise ActionRefused("no")
        return Answer(Event("", {"response": "Success"}))

    def opens(self, sides: Sequence[str], told: Callable[[dict[str, Any]], None]) -> Any:
        if not self.room:
            raise Refused(503, "Service Unavailable", "no more calls can be captioned now")
        self.ear = told
        floor = self

        class Tap:
            name, port = "a-name", 4711

            def close(self) -> None:
                floor.closed += 1

        return Tap()

    def say(self, kind: str, data: Mapping[str, Any]) -> None:
        assert kind == "caption"
        self.told.append(dict(data))

    @property
    def what(self) -> list[str]:
        return [f"{one['what']} {one.get('why', '')}".strip() for one in self.told]


@pytest.mark.parametrize("by", [WANG, BOSS, Actor(ADMINISTRATOR)])
async def test_from_the_first_phrase_to_the_last(by: Actor) -> None:
    floor = Floor()
    assert await floor.captions.start(by, CALL) == {"linkedid": CALL, "state": "on"}
    assert await floor.captions.start(BOSS, CALL) == {"linkedid": CALL, "state": "on"}, "once is enough"
    (order,) = floor.originated
    assert order["Variable"] == [f"HOTLINE_EAR={CALL}", "HOTLINE_EAR_HOW=D", "__HOTLINE_TAP=a-name", "__HOTLINE_TAP_PORT=4711"]
    assert floor.ear is not None
    assert floor.told == [], "nothing that is said before its sound comes is heard"
    floor.ear(CAME)
    floor.ear(HEARD)
    assert floor.told[1] == {
        "linkedid": CALL, "agents": ["wang"], "what": "said", "side": "caller", "text": "我家漏水了",
        "start_seconds": 1.0, "end_seconds": 2.5, "score": -0.2,
    }  # fmt: skip
    assert await floor.captions.stop(by, CALL) == {"linkedid": CALL, "state": "off"}
    assert (floor.closed, floor.what) == (1, ["began", "said", "ended stopped"])


@pytest.mark.parametrize("why", ["gone", "late", "lost"])
async def test_they_end_with_the_call_or_with_whoever_listens(why: str) -> None:
    floor = Floor()
    await floor.captions.start(BOSS, CALL)
    assert floor.ear is not None
    floor.ear(CAME)
    floor.ear({"over": "a-name", "why": why})
    assert floor.what == ["began", f"ended {why}"]
    with pytest.raises(Refused, match="no captions"):
        await floor.captions.stop(BOSS, CALL)
    await floor.captions.start(BOSS, CALL)
    floor.ear(CAME)
    assert floor.what[-1] == "began", "and may begin again"


@pytest.mark.parametrize(
    ("by", "linkedid", "status"),
    [(LI, CALL, 403), (Actor(AGENT), CALL, 403), (Actor(INTEGRATION), CALL, 403), (BOSS, "h-7.7", 404), (BOSS, "x\r\ny", 404), (BOSS, "h-1.3", 409)],
)
async def test_whose_call_it_is_not(by: Actor, linkedid: str, status: int) -> None:
    floor = Floor()
    with pytest.raises(Refused) as no:
        await floor.captions.start(by, linkedid)
    assert (no.value.status, floor.told, floor.originated) == (status, [], [])


async def test_beyond_the_budget_the_call_is_left_alone() -> None:
    floor = Floor(room=False)
    for _ in range(2):
        with pytest.raises(Refused, match="no more calls"):
            await floor.captions.start(WANG, CALL)
    assert (floor.told, floor.originated) == ([], [])


async def test_a_tap_that_does_not_come_about_is_given_back() -> None:
    floor = Floor(tapped=False)
    with pytest.raises(Refused) as no:
        await floor.captions.start(WANG, CALL)
    assert (no.value.status, floor.closed, floor.what) == (503, 1, ["ended failed"])
