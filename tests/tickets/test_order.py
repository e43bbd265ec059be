"""Nothing lost, nothing doubled, order kept: a case system that is down for an hour, refuses, answers twice or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.tickets.simulated import BEGAN, System, World, away, refused
from tickets import models
from tickets.connectors import Event, Refused, Unreachable
from tickets.spool import Item
from tickets.store import Document, Store

A, B = "20261123-000001", "20261123-000002"


@pytest.fixture
def world(light_store: Store) -> World:
    return World(light_store)


def test_a_case_system_that_is_down_for_an_hour(store: Store) -> None:
    world = World(store)
    back = BEGAN + timedelta(hours=1)
    world.case_system.mood = lambda event: away(event) if world.now < back else None
    for minute in range(6):  # tickets go on meanwhile
        world.put(A, minute=minute)
        world.put(B, minute=minute)
        world.turn(minutes=10)
    assert world.case_system.kept == []
    assert world.case_system.asked < 60, "it is not hammered"
    world.turn(hours=1)
    assert (world.case_system.order(A), world.case_system.order(B)) == ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    assert set(world.states().values()) == {"delivered"}
    assert len(world.case_system.kept) == 12


def test_a_later_event_does_not_overtake_one_that_is_tried_again_and_others_go_on(world: World) -> None:
    world.case_system.mood = lambda event: away(event) if event.about == A and world.now < BEGAN + timedelta(minutes=5) else None
    for _ in range(3):
        world.put(A)
        world.put(B)
    world.turn(minutes=1)
    assert (world.case_system.order(A), world.case_system.order(B)) == ([], [1, 2, 3])
    world.turn(minutes=10)
    assert world.case_system.order(A) == [1, 2, 3]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_of_theirs_is_not_the_end(world: World, status: int) -> None:
    answers = [status, status, status]

    def mood(event: Event) -> None:
        if answers:
            raise Unreachable(str(answers.pop()), status)

    world.case_system.mood = mood
    world.put(A)
    world.turn(minutes=5)
    assert (world.case_system.order(A), world.case_system.asked) == ([1], 4)


def test_an_answer_that_is_lost_makes_nothing_double(world: World) -> None:
    world.case_system.loses_answers = True
    for _ in range(3):
        world.put(A)
    world.turn(hours=1)
    assert world.case_system.order(A) == [1, 2, 3]
    assert world.case_system.asked == 6, "each was sent twice, under one key"


def test_a_job_that_runs_twice_sends_once(world: World) -> None:
    first = world.put(A)
    world.turn(seconds=1)
    for attempt in (0, 0, 1):
        world.runner.deliver(first.id, attempt)
    assert world.case_system.asked == 1


def test_what_is_refused_stands_in_nobodys_way(world: World) -> None:
    def mood(event: Event) -> None:
        if event.content["sequence"] == 2:
            refused(event)

    world.case_system.mood = mood
    for _ in range(3):
        world.put(A)
    world.turn(seconds=1)
    assert world.case_system.order(A) == [1, 3]
    [dead] = world.store.outbox.dead_letters()
    assert (dead.sequence, dead.last_status) == (2, 422)
    world.case_system.mood = lambda event: None
    world.store.outbox.replay(dead.id)
    world.turn(seconds=1)
    assert world.case_system.order(A) == [1, 3, 2], "late, and its number says so"


def test_days_of_silence_end_in_dead_letters_that_can_be_sent_again_in_order(world: World) -> None:
    world.case_system.mood = away
    for _ in range(3):
        world.put(A)
    world.turn(days=4)
    assert [row.sequence for row in world.store.outbox.dead_letters()] == [1, 2, 3]
    world.case_system.mood = lambda event: None
    for dead in world.store.outbox.dead_letters():
        world.store.outbox.replay(dead.id)
    world.turn(seconds=1)
    assert world.case_system.order(A) == [1, 2, 3]


def test_a_reference_of_theirs_comes_with_every_later_event(world: World) -> None:
    said: list[str] = []
    world.case_system.mood = lambda event: said.append(event.reference)
    first = world.put(A)
    world.turn(seconds=1)
    with world.store.database.writes() as session:
        session.get_one(models.Delivery, first.id).reference = "SR-7"
    world.put(A)
    world.put(B)
    world.turn(seconds=1)
    assert said == ["", "SR-7", ""]


def test_a_ticket_that_is_complete_goes_in_the_same_order(world: World) -> None:
    ticket = world.store.adopt(Item(item="F", kind="fax", caller="13800001234"), document=Document(pages=0, error="no page"))
    world.put(ticket.number, "ticket.updated")
    world.turn(seconds=1)
    assert [event.name for event in world.case_system.kept] == ["ticket", "ticket.updated"]
    assert world.store.ticket(ticket.number).status == "handed_over"
    assert list(world.case_system.kept[0].content) == ["schema", "event", "delivery", "ticket"], "as it always was"


def test_a_refused_event_leaves_the_ticket_as_it_is(world: World) -> None:
    ticket = world.store.adopt(Item(item="F", kind="fax"), document=Document(pages=0, error="no page"))
    world.turn(seconds=1)
    world.case_system.mood = refused
    world.put(ticket.number, "ticket.updated")
    world.turn(seconds=1)
    assert world.store.ticket(ticket.number).status == "handed_over"
    assert world.store.outbox.count(models.DEAD) == 1


def test_a_connector_says_permanent_by_the_type_of_its_error() -> None:
    assert not issubclass(Refused, Unreachable)
    with pytest.raises(Refused):
        System(refused).deliver(Event("k", "ticket", "{}", BEGAN.date()))
