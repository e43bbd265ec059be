"""A case system hears of calls once each, in order, from records that are read again and again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from hotline.sections import Told
from hotline.serve.calls_told import CallsTold
from queues.call_record import CallKind, CallRecord, Outcome, Segment, SegmentKind
from tests.tickets.schemas import validator
from tests.tickets.simulated import World
from tickets.case_system import CALL_EVENTS, EVENTS
from tickets.jobs import open_store
from tickets.store import Store

NOW = 1_795_400_000.0
BEGAN = CallRecord("h-1795399000.7", CallKind.INBOUND, "13800001234", "12345", NOW - 60, path="12345-1", type="complaint")
TALK = Segment(SegmentKind.TALK, NOW - 40, None, queue="general", agent="li", phone="1001")
ANSWERED = replace(BEGAN, answered_at=NOW - 55, segments=(TALK,))
OVER = replace(ANSWERED, ended_at=NOW - 5, ended_by="caller", cause=16, outcome=Outcome.ANSWERED)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calls") / "hotline.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    shutil.copyfile(template, tmp_path / "hotline.sqlite3")
    store = Store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield World(store)
    store.close()


def told(world: World, *wanted: str, show_callers: bool = True) -> CallsTold:
    return CallsTold(world.store, frozenset(wanted or CALL_EVENTS), show_callers, lambda: NOW)


def test_a_call_from_its_first_ring_to_its_end(world: World) -> None:
    ticket = world.store.open_draft(BEGAN.linkedid, "complaint", "12345-1", BEGAN.caller, "12345", "li")
    calls = told(world)
    for record in (BEGAN, BEGAN, ANSWERED, OVER, OVER):
        calls.tell([record])
    world.turn(seconds=1)
    events = world.case_system.kept
    for event in events:
        validator(f"{event.name}.1.json").validate(event.content)
    assert [(event.name, event.content["sequence"]) for event in events] == [("call.newCall", 1), ("call.answer", 2), ("call.hangup", 3)]
    new, answer, hangup = (event.content["call"] for event in events)
    assert (new["direction"], new["from"], new["to"], new["call_id"], new["ticket"]) == ("in", "13800001234", "12345", BEGAN.linkedid, ticket.number)
    assert (answer["user"], answer["queue"]) == ("li", "general")
    assert (hangup["cause"], hangup["outcome"], hangup["joined_to"]) == (16, "answered", None)


def test_a_worker_that_was_away_tells_all_of_it_afterwards_in_order(world: World) -> None:
    told(world).tell([OVER])
    world.turn(seconds=1)
    assert [event.name for event in world.case_system.kept] == list(CALL_EVENTS)


def test_each_colleague_who_answers_is_an_answer(world: World) -> None:
    second = Segment(SegmentKind.TALK, NOW - 20, None, queue="general", agent="wang", phone="1002")
    told(world, "call.answer").tell([ANSWERED])
    told(world, "call.answer").tell([replace(ANSWERED, segments=(TALK, second))])
    world.turn(seconds=1)
    assert [event.content["call"]["user"] for event in world.case_system.kept] == ["li", "wang"]


def test_a_call_that_became_part_of_another_is_over(world: World) -> None:
    calls = told(world)
    calls.tell([BEGAN])
    calls.tell([replace(OVER, linkedid="h-2.1", joined=(BEGAN.linkedid,))])
    world.turn(seconds=1)
    ended = {event.about: event.content["call"] for event in world.case_system.kept if event.name == "call.hangup"}
    assert ended[BEGAN.linkedid]["joined_to"] == "h-2.1"
    assert ended["h-2.1"]["outcome"] == "answered"


def test_a_call_out_goes_the_other_way(world: World) -> None:
    told(world).tell([replace(BEGAN, kind=CallKind.CALLBACK, caller="1001", called="13800001234")])
    world.turn(seconds=1)
    call = world.case_system.kept[0].content["call"]
    assert (call["direction"], call["from"], call["to"]) == ("out", "1001", "13800001234")


@pytest.mark.parametrize("kind", [CallKind.INTERNAL, CallKind.PLACEHOLDER])
def test_calls_between_our_own_phones_are_nobodys_business(world: World, kind: CallKind) -> None:
    assert told(world).tell([replace(OVER, kind=kind)]) == 0


def test_numbers_are_masked_where_the_setting_says_so(world: World) -> None:
    told(world, show_callers=False).tell([OVER])
    world.turn(seconds=1)
    assert all("13800001234" not in event.body and "138****1234" in event.body for event in world.case_system.kept)


def test_logs_read_from_their_beginning_tell_no_old_calls(world: World) -> None:
    assert told(world).tell([replace(OVER, began_at=NOW - 100_000, ended_at=NOW - 99_000)]) == 0


def test_the_settings_offer_every_event_there_is() -> None:
    assert set(get_args(Told)) == set(EVENTS)
