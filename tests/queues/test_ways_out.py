"""Ways out of a queue that are no abandonment, as our dialplan and app_queue write them (waiting.conf, conversation.conf)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queues.assembly import assemble
from queues.call_record import CallKind, CallRecord, Left, Outcome
from queues.cel import CelEvent
from queues.figures import figures
from queues.records import Record

T = 1_795_000_000
TRUNK, CALL = "PJSIP/trunk-00000001", f"h-{T}.1"


def event(name: str, at: float, channel: str = TRUNK, uniqueid: str = CALL, linkedid: str = CALL, **more: Any) -> CelEvent:
    return CelEvent(name, T + at, uniqueid, linkedid, channel, **more)


def ours(name: str, at: float, said: str, **more: Any) -> CelEvent:
    return event(name, at, ours=True, extra=json.loads(json.dumps({"extra": said})), **more)


def line(text: str) -> Record:
    parsed = Record.parse(text)
    assert parsed is not None
    return parsed


def call(*events: CelEvent, log: str = "") -> CallRecord:
    """A citizen's call: picked up, decided for a queue at once, over at 60 s; its own part between."""
    begin = [event("CHAN_START", 0), event("ANSWER", 0.1), ours("HotlineEnter", 0.2, "13800001234|12345||1"), ours("HotlineDecided", 0.5, "queue|general|12345-0|help")]
    end = [event("HANGUP", 60, extra={"hangupcause": 16, "hangupsource": TRUNK}), event("CHAN_END", 60), event("LINKEDID_END", 60)]
    made = assemble([*begin, *events, *end], [line(f"{T + int(part.split('|')[0])}|{part.split('|', 1)[1]}") for part in log.split()])
    assert made is not None
    return made


def queued(begin: float, end: float, queue: str = "general") -> tuple[CelEvent, CelEvent]:
    return event("APP_START", begin, app="Queue", data=f"hotline-{queue},ct,,,60"), event("APP_END", end, app="Queue")


ABANDON = f"1|{CALL}|hotline-general|NONE|ENTERQUEUE||138|1 20|{CALL}|hotline-general|NONE|ABANDON|1|1|19"


def test_who_was_redirected_did_not_abandon() -> None:
    """Redirect of a waiting caller: app_queue writes ABANDON, the leg goes on."""
    moved = call(*queued(1, 20), *queued(21, 40, "tax"), log=f"{ABANDON} 21|{CALL}|hotline-tax|NONE|ENTERQUEUE||138|1 40|{CALL}|hotline-tax|NONE|ABANDON|1|1|19")
    assert [(visit.queue, visit.how) for visit in moved.visits] == [("general", Left.MOVED), ("tax", Left.ABANDONED)]
    assert moved.outcome is Outcome.ABANDONED
    assert figures([moved], T, T + 100, queue="general").moved == 1
    assert figures([moved], T, T + 100).offered == figures([moved], T, T + 100, queue="tax").abandoned == 1


def test_who_hung_up_while_waiting_did() -> None:
    assert call(*queued(1, 60), log=ABANDON).outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    ("said", "how", "outcome"),
    [
        (f"20|{CALL}|hotline-general|NONE|EXITWITHTIMEOUT|1|1|19 20|{CALL}|hotline-general|NONE|HOTLINEMOVED|queue-tax", Left.MOVED, Outcome.UNANSWERED),
        (f"20|{CALL}|hotline-general|NONE|WITHDRAW|1|1|19 20|{CALL}|hotline-general|NONE|HOTLINEMOVE|{CALL}|general|tax|1", Left.MOVED, Outcome.UNANSWERED),
        (f"20|{CALL}|hotline-general|NONE|EXITWITHKEY|2|1|1|19 30|{CALL}|hotline-general|NONE|HOTLINECALLBACK|13800001234|12345-0", Left.CALLBACK, Outcome.CALLBACK),
        (f"20|{CALL}|hotline-general|NONE|EXITWITHKEY|*|1|1|19 20|{CALL}|hotline-general|NONE|HOTLINEKEY|menu", Left.KEY, Outcome.UNANSWERED),
        (f"20|{CALL}|hotline-general|NONE|EXITEMPTY|1|1|19", Left.EMPTY, Outcome.UNANSWERED),
    ],
)
def test_who_left_by_another_way_did_not_abandon(said: str, how: Left, outcome: Outcome) -> None:
    left = call(*queued(1, 20), log=f"1|{CALL}|hotline-general|NONE|ENTERQUEUE||138|1 {said}")
    assert ([visit.how for visit in left.visits], left.outcome) == ([how], outcome)
    assert figures([left], T, T + 100).abandoned == 0


def test_a_queue_that_let_nobody_in_was_asked_for() -> None:
    """Nobody logged in: app_queue writes no line at all; the caller wanted a person all the same."""
    refused = call(*queued(1, 1.01), *queued(21, 40), log=f"21|{CALL}|hotline-general|NONE|ENTERQUEUE||138|1 40|{CALL}|hotline-general|NONE|EXITWITHTIMEOUT|1|1|19")
    assert [visit.how for visit in refused.visits] == [Left.EMPTY, Left.TIMEOUT]
    assert figures([refused], T, T + 100).offered == 1


def test_queues_of_asterisks_for_a_skill_are_one_queue_of_ours() -> None:
    skilled = call(*queued(1, 20, "general+tax"), log=ABANDON.replace("hotline-general", "hotline-general+tax"))
    assert (skilled.visits[0].queue, skilled.visits[0].how) == ("general", Left.ABANDONED)


def place(*more: CelEvent, log: str = "") -> CallRecord:
    """A leg without a person that waits in the queue (ADR 0078)."""
    own, name = f"h-{T}.9", "Local/p1@hotline-far-00000001;1"
    events = [
        event("CHAN_START", 0, name, own, own), event("APP_START", 1, name, own, own, app="Queue", data="hotline-general,,,,"),
        *more, event("HANGUP", 50, name, own, own), event("CHAN_END", 50, name, own, own),
    ]  # fmt: skip
    made = assemble(events, [line(f"{T}|{own}|hotline-general|NONE|HOTLINEPLACE|{CALL}"), line(f"{T}|{own}|hotline-general|NONE|HOTLINE|{own}|12345-0|help|13800001234|12345"), *map(line, log.split())])
    assert made is not None
    return made


def test_a_place_kept_for_a_call_back_is_no_caller() -> None:
    kept = place(log=f"{T}|h-{T}.9|hotline-general|NONE|ENTERQUEUE||138|1 {T + 50}|h-{T}.9|hotline-general|NONE|ABANDON|1|1|50")
    assert (kept.kind, kept.outcome, kept.caller) == (CallKind.CALLBACK, Outcome.UNANSWERED, "13800001234")
    assert figures([kept], T, T + 100).offered == 0


def test_a_call_back_that_reached_the_citizen_is_answered() -> None:
    assert place(log=f"{T + 40}|h-{T}.9|NONE|NONE|HOTLINETALKS|{CALL}").outcome is Outcome.ANSWERED


def test_a_spy_is_no_caller() -> None:
    name, own = "Local/s@hotline-whisper-00000001;1", f"h-{T}.7"
    spy = assemble([event("CHAN_START", 0, name, own, own), event("CHAN_END", 5, name, own, own)], [])
    assert spy is not None and spy.kind is CallKind.PLACEHOLDER


def test_an_agent_who_asks_a_queue_is_nobody_who_waits_there() -> None:
    """The agent's leg runs Queue() while the citizen is on hold; whoever of the queue answers talks with the agent, then with the citizen."""
    agent, asked = "PJSIP/wang-00000002", "PJSIP/li-00000003"
    own, theirs = {"channel": agent, "uniqueid": "h-2"}, {"channel": asked, "uniqueid": "h-3"}
    made = call(
        *queued(1, 60), event("CHAN_START", 2, **own), event("ANSWER", 3, **own), event("BRIDGE_ENTER", 3, extra={"bridge_id": "b1"}),
        event("BRIDGE_ENTER", 3, **own, extra={"bridge_id": "b1"}), event("BRIDGE_EXIT", 10), event("BRIDGE_EXIT", 10, **own),
        event("APP_START", 11, **own, app="Queue", data="hotline-tax,cr,,,45"), event("CHAN_START", 12, **theirs), event("ANSWER", 14, **theirs),
        event("BRIDGE_ENTER", 14, **own, extra={"bridge_id": "b2"}), event("BRIDGE_ENTER", 14, **theirs, extra={"bridge_id": "b2"}),
        event("CHAN_END", 30, **own), event("CHAN_END", 50, **theirs),
        log=f"1|{CALL}|hotline-general|NONE|ENTERQUEUE||138|1 3|{CALL}|hotline-general|wang/101|CONNECT|2|h-2|2 11|h-2|hotline-tax|NONE|HOTLINEASK|{CALL}"
        " 11|h-2|hotline-tax|NONE|ENTERQUEUE||wang|1 14|h-2|hotline-tax|li/102|CONNECT|3|h-3|2 30|h-2|hotline-tax|li/102|COMPLETECALLER|3|16|1",
    )  # fmt: skip
    assert [(visit.queue, visit.how) for visit in made.visits] == [("general", Left.ANSWERED)]
    assert figures([made], T, T + 100, queue="tax").offered == 0
    assert [(talk.agent, talk.queue) for talk in made.talks] == [("wang", "general"), ("li", "")]
