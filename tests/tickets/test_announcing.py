"""What the case system hears of a ticket's life, held against the published schemas, byte for byte as it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.tickets.schemas import SCHEMAS, file_of, validator
from tests.tickets.simulated import World, refused
from tests.tickets.test_moves import EVERY, RULES, Clock, walk
from tickets.announcing import TICKET_EVENTS, Announcer
from tickets.case import Cases, find
from tickets.case_system import EVENTS
from tickets.connectors import Event
from tickets.life import note
from tickets.spool import Item
from tickets.store import Audio, Document, Store

FAX = Document(pages=1, path="documents/a.pdf", sha256="ab" * 32)


def holds(event: Event) -> dict[str, Any]:
    """What was sent is what its schema says."""
    validator(f"{event.name}.1.json").validate(event.content)
    return event.content


@pytest.fixture
def world(light_store: Store) -> World:
    return World(light_store)


def announcer(world: World, *wanted: str, show_callers: bool = True) -> Announcer:
    made = Announcer(world.store.database, world.store.outbox, frozenset(wanted or TICKET_EVENTS), show_callers)
    made.tell()  # from here on
    return made


def heard(world: World, announcer: Announcer) -> list[Event]:
    """Those that are new."""
    before = len(world.case_system.kept)
    announcer.tell()
    world.turn(seconds=1)
    return world.case_system.kept[before:]


def fax(world: World, **facts: Any) -> str:
    return world.store.adopt(Item(item="F", kind="fax", caller="13800001234", caller_name="王小明"), document=FAX).number


def walked(world: World, number: str, *names: str) -> None:
    walk(Cases(world.store.database, lambda: RULES, Clock()), number, *names)


def test_the_life_of_a_ticket_as_the_case_system_hears_it(store: Store) -> None:
    world = World(store)
    told = announcer(world)
    number = fax(world)
    walked(world, number, "accept", "dispatch", "take_up", "reply", "complete", "revisit", "rate", "file")
    events = heard(world, told)
    for event in events:
        holds(event)
    assert [event.name for event in events] == [
        "ticket", "ticket.created", "ticket.attached", "ticket.updated", "ticket.dispatched", "ticket.updated", "ticket.updated", "ticket.closed",
        "ticket.updated", "ticket.updated", "ticket.updated",
    ]  # fmt: skip
    assert [event.content.get("sequence") for event in events] == [None, *range(2, 12)]
    assert {event.about for event in events} == {number}
    assert events[2].content["attachment"] == {"kind": "document", **events[2].content["ticket"]["document"]}
    assert events[4].content["line"]["detail"]["organisation"] == EVERY["organisation"]


def test_that_they_were_told_is_no_news_to_them(world: World) -> None:
    told = announcer(world)
    fax(world)
    heard(world, told)
    assert heard(world, told) == [], "handed_over is a line of history, and would be told for ever"
    world.case_system.mood = refused
    world.put("1", "ticket.updated")
    assert heard(world, told) == []


def test_a_conversation_and_a_message(world: World) -> None:
    told = announcer(world)
    world.store.open_draft("1.1", "complaint", "12345-1-1", "13800001234", "12345", "1001")
    world.store.finish_draft("1.1")
    assert [event.name for event in heard(world, told)] == ["ticket", "ticket.created", "ticket.updated"]
    world.store.jobs.transcribe = lambda session, ticket_id: None  # type: ignore[method-assign]
    message = world.store.adopt(Item(item="V", kind="voicemail"), audio=Audio("a.wav", "ab" * 32, 3.5))
    events = heard(world, told)
    assert [event.name for event in events] == ["ticket.created", "ticket.attached"]
    assert holds(events[1])["attachment"] == {"kind": "audio", "url": f"/api/tickets/{message.number}/audio", "seconds": 3.5, "sha256": "ab" * 32}


def test_only_what_is_wanted_is_made(world: World) -> None:
    told = announcer(world, "ticket.closed")
    number = fax(world)
    walked(world, number, "accept", "answer")
    assert [event.name for event in heard(world, told)] == ["ticket", "ticket.closed"]


def test_who_calls_is_masked_in_events_but_not_in_the_hand_over(world: World) -> None:
    told = announcer(world, "ticket.created", show_callers=False)
    fax(world)
    whole, event = heard(world, told)
    assert event.content["ticket"]["caller"] == "138****1234"
    assert "王小明" not in event.body
    assert whole.content["ticket"]["caller"] == "13800001234", "they must be able to call back"


def test_a_citizen_who_wants_to_be_confidential_is_in_no_event_from_then_on(world: World) -> None:
    told = announcer(world, "ticket.created", show_callers=True)
    number = fax(world)
    with world.store.database.writes() as session:
        find(session, number, lock=True).confidential = True
    _, event = heard(world, told)
    assert event.content["ticket"]["caller"] == ""
    assert "王小明" not in event.body and "13800001234" not in event.body


def test_what_was_before_they_listened_is_not_told_and_a_line_is_told_once(world: World) -> None:
    number = fax(world)
    told = announcer(world)
    walked(world, number, "accept")
    for _ in range(3):
        told.tell()
    Announcer(world.store.database, world.store.outbox, frozenset(TICKET_EVENTS)).tell()  # another worker
    assert [row.event for row in world.store.outbox.of_ticket(world.store.ticket(number).id)] == ["ticket", "ticket.updated"]


def test_whoever_stops_listening_begins_anew(world: World) -> None:
    told = announcer(world)
    announcer(world, "call.newCall")
    number = fax(world)
    told.tell()
    walked(world, number, "accept")
    assert [event.name for event in heard(world, told)] == ["ticket", "ticket.updated"]


def test_a_long_absence_of_the_worker_is_made_up(world: World) -> None:
    told = announcer(world)
    number = fax(world)
    for at in range(250):
        world.store.note_on(number, "called_out", "1001", at=str(at))
    assert len(heard(world, told)) == 3 + 250
    assert world.case_system.kept[-1].content["sequence"] == 253


def schemas() -> Iterator[str]:
    return (path.name for path in SCHEMAS.glob("*.json"))


def test_every_event_has_its_schema() -> None:
    assert set(schemas()) == {f"{name}.1.json" for name in ("ticket", *EVENTS)}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_schema_refuses_something_else(name: str) -> None:
    jsonschema_rs.meta.validate(file_of(name))
    assert not validator(name).is_valid({"schema": "ticket.deleted/1", "event": "ticket.deleted"})


def test_a_file_that_came_with_the_words(world: World) -> None:
    told = announcer(world, "ticket.attached")
    number = fax(world)
    with world.store.database.writes() as session:
        note(session, find(session, number, lock=True), "attached", {"attachment": "01HZZ0000000000000000000AA", "kind": "image/jpeg", "bytes": 9})
    events = heard(world, told)
    assert [event.name for event in events] == ["ticket", "ticket.attached", "ticket.attached"]
    assert holds(events[2])["attachment"]["url"] == f"/api/tickets/{number}/attachments/01HZZ0000000000000000000AA"
