"""The picture, from what a real Asterisk said while calls went through its queues."""

from __future__ import annotations

import pytest

from queues.event import VARIABLE, Event
from queues.model import AgentState, Doing
from queues.state import Picture
from tests.queues.replay import answers, live, picture

CITIZEN = "13800001234"
STORIES = ("answered", "caller_hangs_up_on_agent", "abandoned", "overflowed", "on_a_break")


def agent(made: Picture, phone: str):  # type: ignore[no-untyped-def]
    return next(agent for agent in made.agents() if agent.phone == phone)


def queue(made: Picture, name: str):  # type: ignore[no-untyped-def]
    return next(queue for queue in made.queues() if queue.name == name)


def citizens_call(made: Picture):  # type: ignore[no-untyped-def]
    """The call that came in; the telephone network's own end of it is another call in the same Asterisk."""
    return next(call for call in [*made.live_calls(), *made.recent] if call.called)


def citizens(made: Picture) -> list[tuple[str, ...]]:
    return [
        (call.linkedid, call.doing, call.agent, call.path, call.type, call.caller)
        for call in made.live_calls()
        if call.called
    ]


MIDDLE = {"on_a_break": "QueueMemberPause", "abandoned": "AgentCalled", "overflowed": "AgentCalled"}


async def test_before_anybody_calls_agents_are_free_and_queues_empty() -> None:
    made = Picture()
    made.resync(*answers("answered", "before"), now=0)
    assert [(a.phone, a.state, a.queues) for a in made.agents()] == [
        ("answers", "free", ("complaints",)), ("rings", "free", ("patience",)), ("talks", "free", ("general",)),
    ]  # fmt: skip
    assert [(q.name, q.strategy, q.free, q.logged_in, len(q.waiting)) for q in made.queues()] == [
        ("complaints", "leastrecent", 1, 1, 0), ("general", "ringall", 1, 1, 0),
        ("nobody", "ringall", 0, 0, 0), ("patience", "ringall", 1, 1, 0),
    ]  # fmt: skip


def test_the_place_of_a_call_back_is_no_caller() -> None:
    made = Picture()
    made.resync([Event.of({"Event": "QueueParams", "Queue": "hotline-general", "Strategy": "linear"})], [], 0.0)
    join = {"Event": "QueueCallerJoin", "Queue": "hotline-general", "Uniqueid": "1.9", "Linkedid": "1.9", "CallerIDNum": CITIZEN, "Position": "1"}
    made.apply(Event.of({**join, "Channel": "Local/p1.2@hotline-far-00000001;1"}), 1.0)
    assert queue(made, "general").waiting == ()
    made.apply(Event.of({**join, "Channel": "PJSIP/trunk-00000001"}), 1.0)
    assert [caller.caller for caller in queue(made, "general").waiting] == [CITIZEN]


async def test_a_caller_who_joins_is_seen_waiting() -> None:
    made = picture("answered", until="QueueCallerJoin")
    [waiting] = queue(made, "complaints").waiting
    assert waiting.caller == CITIZEN
    call = citizens_call(made)
    assert (call.doing, call.queue, call.caller, call.path, call.type) == (
        Doing.WAITING, "complaints", CITIZEN, "12345-1-1", "complaint",
    )  # fmt: skip


async def test_an_agent_who_answers_is_seen_talking_to_that_call() -> None:
    made = picture("answered", until="AgentConnect")
    call = citizens_call(made)
    assert (call.doing, call.agent, call.queue) == (Doing.TALKING, "answers", "complaints")
    assert agent(made, "answers").state is AgentState.TALKING
    assert agent(made, "answers").linkedid == call.linkedid
    assert queue(made, "complaints").waiting == () and queue(made, "complaints").free == 0


@pytest.mark.parametrize(("story", "who"), [("answered", "answers"), ("caller_hangs_up_on_agent", "talks")])
async def test_a_call_that_is_over_is_a_record_and_its_agent_free(story: str, who: str) -> None:
    made = picture(story)
    assert made.live_calls() == [] and made.channels == {} and made.waiting == {}
    call = citizens_call(made)
    assert call.agent == who and call.ended is not None and call.ended - call.since == pytest.approx(1, abs=0.5)
    assert agent(made, who).state is AgentState.FREE and agent(made, who).calls_taken == 1


@pytest.mark.parametrize("story", ["abandoned", "overflowed"])
async def test_a_caller_nobody_answered_leaves_the_queue_and_had_no_agent(story: str) -> None:
    made = picture(story)
    assert made.waiting == {} and made.live_calls() == []
    call = citizens_call(made)
    assert (call.queue, call.agent) == ("patience", "")


async def test_while_the_phone_rings_nobody_talks() -> None:
    made = picture("abandoned", until="AgentCalled")
    assert citizens_call(made).doing is Doing.WAITING


async def test_a_break_has_its_reason_and_ends() -> None:
    made = picture("on_a_break", until="QueueMemberPause")
    assert (agent(made, "talks").paused, agent(made, "talks").pause_reason) == (True, "午餐")
    assert (queue(made, "general").free, queue(made, "general").logged_in) == (0, 1)
    made = picture("on_a_break")
    assert not agent(made, "talks").paused and queue(made, "general").free == 1


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("when", ["during", "after"])
async def test_a_resync_in_the_middle_says_the_same_as_the_events_until_then(story: str, when: str) -> None:
    by_resync = Picture()
    by_resync.resync(*answers(story, when), now=0)
    followed = picture(story, until=MIDDLE.get(story, "AgentConnect") if when == "during" else None)
    assert {a.phone: (a.paused, a.pause_reason, a.linkedid) for a in by_resync.agents()} == {
        a.phone: (a.paused, a.pause_reason, a.linkedid) for a in followed.agents()
    }
    assert citizens(by_resync) == citizens(followed)


@pytest.mark.parametrize("story", STORIES)
async def test_events_from_before_a_resync_applied_after_it_end_in_the_same_picture(story: str) -> None:
    made = Picture()
    made.resync(*answers(story, "during"), now=0)
    for event in live(story):
        made.apply(event, float(event["Timestamp"] or 0))
    assert made.members == picture(story).members
    assert made.live_calls() == [] and made.waiting == {} and made.channels == {}


@pytest.mark.parametrize("story", STORIES)
async def test_every_event_twice_is_every_event_once(story: str) -> None:
    made = Picture()
    made.resync(*answers(story, "before"), now=0)
    for event in live(story):
        for _ in range(2):
            made.apply(event, float(event["Timestamp"] or 0))
    once = picture(story)
    assert (made.members, made.waiting, made.calls) == (once.members, once.waiting, once.calls)
    assert list(made.recent) == list(once.recent)


async def test_late_news_of_a_channel_that_has_gone_does_not_bring_it_back() -> None:
    made = picture("answered")
    for event in live("answered"):
        if event.name in ("Newstate", "AgentConnect", "BridgeEnter"):
            made.apply(event, 99)
    assert made.channels == {} and made.live_calls() == []


async def test_how_long_a_caller_waits_is_counted_from_the_first_news() -> None:
    made = picture("abandoned", until="QueueCallerJoin")
    [before] = queue(made, "patience").waiting
    made.apply(next(event for event in live("abandoned") if event.name == "QueueCallerJoin"), before.since + 30)
    assert queue(made, "patience").waiting == (before,)


async def test_a_resync_ends_calls_whose_end_was_not_heard() -> None:
    made = picture("answered", until="AgentConnect")
    made.resync(*answers("answered", "after"), now=99)
    assert made.live_calls() == [] and citizens_call(made).ended == 99


async def test_where_a_call_is_comes_from_the_decision_and_then_from_the_context() -> None:
    made = picture("answered", until="QueueCallerJoin")
    own = next(event for event in live("answered") if event.name == "QueueCallerJoin")
    decided = {"event": "UserEvent", "userevent": "HotlineDecided", "decision": "fax", "path": "12345-1-5"}
    made.waiting.clear()
    fields = {name: value for name, value in own.fields.items() if not name.startswith(VARIABLE)}
    made.apply(Event("UserEvent", fields | decided), 1)
    assert (citizens_call(made).doing, citizens_call(made).path) == (Doing.FAX, "12345-1-5")
    made.apply(Event("Newstate", {**own.fields, "context": "hotline-voicemail"}), 2)
    assert citizens_call(made).doing is Doing.VOICEMAIL


async def test_a_phone_that_cannot_be_reached_is_logged_out() -> None:
    made = picture("answered")
    status = {"queue": "hotline-complaints", "membername": "answers", "interface": "PJSIP/answers", "paused": "0"}
    for code, state in {"5": "logged_out", "4": "logged_out", "6": "ringing", "2": "talking", "8": "on_hold", "0": "unknown"}.items():
        made.apply(Event("QueueMemberStatus", {**status, "status": code}), 0)
        assert agent(made, "answers").state == state
    made.apply(Event("QueueMemberStatus", {**status, "status": "5"}), 0)
    assert queue(made, "complaints").logged_in == 0
    made.apply(Event("QueueMemberRemoved", status), 0)
    assert queue(made, "complaints").members == ()


def entry(uniqueid: str, place: int, queue: str = "hotline-tax", name: str = "QueueEntry", **more: str) -> Event:
    return Event(name, {"queue": queue, "uniqueid": uniqueid, "position": str(place), "wait": "5", **more})


def joins(uniqueid: str, place: int, queue: str = "hotline-tax", priority: str = "") -> Event:
    made = entry(uniqueid, place, queue, "QueueCallerJoin", linkedid=f"call-{uniqueid}")
    return Event(made.name, {**made.fields, f"{VARIABLE}QUEUE_PRIO": priority})


def places(made: Picture) -> dict[str, int]:
    return {waiting.uniqueid: waiting.place for view in made.queues() for waiting in view.waiting}


def test_each_callers_place_is_asterisks_own_whoever_comes_before_others_or_leaves() -> None:
    made = Picture()
    params = Event("QueueParams", {"queue": "hotline-tax", "strategy": "ringall"})
    made.resync([params, entry("a", 1, priority="7"), entry("b", 2)], [], now=100.0)
    made.apply(joins("c", 3), 101)
    made.apply(joins("first", 1, priority="20"), 102)
    made.apply(joins("cantonese", 1, "hotline-tax+cantonese"), 103)
    assert places(made) == {"first": 1, "a": 2, "b": 3, "c": 4, "cantonese": 1}
    made.apply(joins("c", 3), 104)  # told again
    for name in ("QueueCallerAbandon", "QueueCallerLeave"):
        made.apply(entry("b", 3, name=name), 105)
    assert places(made) == {"first": 1, "a": 2, "c": 3, "cantonese": 1}
    found = {waiting.uniqueid: waiting for waiting in queue(made, "tax").waiting}
    assert (found["a"].priority, found["first"].priority, found["c"].priority) == (7, 20, 0)
    assert (found["cantonese"].needs, found["first"].linkedid, found["a"].since) == (("cantonese",), "call-first", 95.0)
    made.apply(joins("c", 1, "hotline-tax+cantonese"), 106)  # whoever needs something else now stands in another line
    assert places(made) == {"first": 1, "a": 2, "c": 1, "cantonese": 2}


async def test_a_phone_that_is_busy_without_a_leg_that_is_up_rings() -> None:
    made = picture("abandoned", until="AgentCalled")
    status = {"queue": "hotline-patience", "membername": "rings", "interface": "PJSIP/rings", "paused": "0", "status": "3"}
    made.apply(Event("QueueMemberStatus", status), 0)
    assert agent(made, "rings").state is AgentState.RINGING
    assert agent(picture("answered", until="AgentConnect"), "answers").state is AgentState.TALKING


async def test_what_only_says_a_work_number_is_no_call() -> None:
    made = Picture()
    for name in ("Local/7@hotline-serves-00000001;1", "Local/1001@hotline-rest-00000002;1", "PJSIP/trunk-00000003"):
        made.apply(Event("Newchannel", {"channel": name, "uniqueid": name, "linkedid": name, "channelstate": "4"}), 0)
    assert [call.linkedid for call in made.live_calls()] == ["PJSIP/trunk-00000003"]
