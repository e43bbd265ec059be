"""Both sides say what they have of a day; what one lacks is found, named, and sent again under the same keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from tests.tickets.case_systems import Example, example, moody
from tests.tickets.process import KEY
from tests.tickets.simulated import BEGAN, World
from tickets import wiping
from tickets.case_system import CaseSystem
from tickets.connectors import Held, Refused, Unreachable, Wishes, connect
from tickets.connectors.webhook import Webhook
from tickets.models import Delivery
from tickets.reconciliation import Ours, Reconciling, compare, hash_of
from tickets.replaying import NoSuchPoint, Replaying
from tickets.spool import Item
from tickets.store import Document, Store

DAY = date(2026, 11, 23)
A, B = "20261123-000001", "20261123-000002"


@pytest.fixture
def world(light_store: Store) -> World:
    return World(light_store)


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Example]:
    with example(tmp_path, KEY) as running:
        yield running


def joined(world: World, theirs: Example) -> Webhook:
    """The example's own process in the place of the simulated one."""
    webhook = Webhook(theirs.url, KEY, 10, theirs.url + "reconciliation")
    world.runner.case_system = CaseSystem(webhook)
    return webhook


def put(world: World, about: str, event: str = "ticket.updated") -> Delivery:
    kind = "call" if event.startswith("call") else "ticket"
    with world.store.database.writes() as session:
        return world.store.outbox.put(session, event, about, {kind: {"number": about, "call_id": about}})


def test_two_sides_that_have_the_same_and_one_that_lost_something(world: World, theirs: Example) -> None:
    webhook = joined(world, theirs)
    for about, event in ((A, "ticket.updated"), (A, "ticket.updated"), (B, "ticket.updated"), ("h-1.7", "call.newCall")):
        put(world, about, event)
    world.turn(seconds=1)
    found = Reconciling(world.store.outbox).reconcile(DAY, webhook)
    assert found is not None
    assert (found.compared, found.differences) == (3, 0)
    kept = theirs.received()
    theirs.out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept if (line["about"], line["sequence"]) != (A, 2) and line["about"] != B))
    with example(theirs.out.parent, KEY) as restored:  # put back to an older state
        webhook = joined(world, restored)
        found = Reconciling(world.store.outbox).reconcile(DAY, webhook)
        assert found is not None
        assert (found.missing, found.different, found.unknown) == ((B,), (A,), ())
        assert Reconciling(world.store.outbox).with_differences() == [("2026-11-23", 2)]
        again = Replaying(world.store.outbox).of_day(DAY.isoformat(), [*found.missing, *found.different])
        assert (again.sent, again.gone) == (3, 0)
        world.turn(seconds=1)
        repaired = Reconciling(world.store.outbox).reconcile(DAY, webhook)
        assert repaired is not None
        assert (repaired.differences, Reconciling(world.store.outbox).with_differences()) == (0, [])
        assert len(restored.received()) == 4, "what was still there was not stored twice"


def test_a_question_that_is_not_signed_is_refused(theirs: Example) -> None:
    assert httpx.get(theirs.url, params={"day": "2026-11-23"}).status_code == 401
    with pytest.raises(Refused, match="401"):
        Webhook(theirs.url, b"another", 5, theirs.url).held(DAY)


@pytest.mark.parametrize(("status", "error"), [(500, Unreachable), (404, Refused), (200, Refused), (302, Unreachable)])
def test_a_case_system_that_gives_no_answer_or_a_strange_one(status: int, error: type[Exception]) -> None:
    with moody(status) as system, pytest.raises(error):
        Webhook(system.url, KEY, 5, system.url).held(DAY)


def test_where_they_cannot_be_asked_nothing_is_compared(world: World) -> None:
    assert Reconciling(world.store.outbox).reconcile(DAY, connect("webhook", Wishes("http://127.0.0.1:1/", KEY))) is None


def test_differences_by_kind() -> None:
    ours = [Ours("same", 1, "a"), Ours("gone", 2, "b"), Ours("less", 2, "c"), Ours("lost answer", 1, "d", waiting=1), Ours("dead", 0, "e", dead=1)]
    theirs = {"same": Held(1, "a"), "less": Held(1, "x"), "lost answer": Held(2, "y"), "strange": Held(1, "z")}
    found = compare(ours, theirs)
    assert (found.missing, found.different, found.unknown) == (("gone",), ("less",), ("strange",))


def test_the_hash_of_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "integrator.md").read_text("utf-8")
    assert hash_of([("B", "22"), ("A", "11")]) == hash_of([("A", "11"), ("B", "22")])
    assert hash_of([("A", "11"), ("B", "22")]) in guide


def test_pages_follow_each_other(world: World) -> None:
    for number in range(5):
        put(world, f"20261123-00000{number}")
    world.turn(seconds=1)
    reconciling = Reconciling(world.store.outbox)
    first = reconciling.ours(DAY, 2)
    assert [row.about for row in first + reconciling.ours(DAY, 2, first[-1].about)] == [f"20261123-00000{number}" for number in range(4)]
    assert reconciling.ours(DAY - timedelta(days=1)) == []


def test_days_are_compared_by_themselves_and_those_that_could_not_be_are_made_up(world: World) -> None:
    put(world, A)
    world.turn(days=3)
    reconciling = Reconciling(world.store.outbox)
    assert [str(day) for day in reconciling.not_compared()] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    world.case_system.theirs = Unreachable("away")
    world.runner.reconcile()
    assert len(reconciling.not_compared()) == 3
    world.case_system.theirs = {}
    world.runner.reconcile()
    assert reconciling.with_differences() == [("2026-11-23", 1)]
    world.case_system.theirs = {A: Held(1, next(iter(reconciling.all_ours(DAY))).hash)}
    world.runner.reconcile()
    assert (reconciling.with_differences(), reconciling.not_compared()) == ([], [])


# Sent again from a point on --------------------------------------------------------------------------------------------


def test_everything_since_a_point_is_sent_again_in_order(world: World) -> None:
    for about in (A, B, A, B):
        put(world, about)
        world.turn(hours=1)
    middle = put(world, A)
    put(world, B)
    world.turn(hours=1)
    before = world.case_system.asked
    world.case_system.kept.clear()
    replaying = Replaying(world.store.outbox)
    assert replaying.since(replaying.point(middle.id)).sent == 2
    world.turn(seconds=1)
    assert (world.case_system.order(A), world.case_system.order(B), world.case_system.asked - before) == ([3], [3], 2)
    assert replaying.since(replaying.point("2026-11-23T09:00"), A).sent == 3
    world.turn(seconds=1)
    assert world.case_system.order(A) == [3, 1, 2], "what it still had it knew by its key"
    assert set(world.states().values()) == {"delivered"}


def test_a_ticket_that_is_sent_again_stays_where_it_is(world: World) -> None:
    number = world.store.adopt(Item(item="F", kind="fax"), document=Document(pages=0, error="no page")).number
    world.turn(seconds=1)
    lines = len(world.store.history())
    assert Replaying(world.store.outbox).since(BEGAN).sent == 1
    world.turn(seconds=1)
    assert (world.store.ticket(number).status, len(world.store.history())) == ("handed_over", lines)


@pytest.mark.parametrize("point", ["", "yesterday", "01HZZ0000000000000000000AA", "' OR 1=1 --", "2026-13-01"])
def test_a_point_that_is_none(world: World, point: str) -> None:
    with pytest.raises(NoSuchPoint):
        Replaying(world.store.outbox).point(point)


def test_what_is_kept_no_longer_cannot_be_sent_again_and_says_so(world: World) -> None:
    put(world, A)
    world.turn(days=100)
    put(world, A)
    world.turn(seconds=1)
    replaying = Replaying(world.store.outbox)
    assert replaying.forget(world.now - timedelta(days=90)) == 1
    again = replaying.since(BEGAN)
    assert (again.sent, again.gone) == (1, 1)
    assert Reconciling(world.store.outbox).ours(DAY)[0].deliveries == 1, "that it was taken is still known"


def test_what_was_sent_of_a_person_who_was_erased_is_not_sent_again(world: World) -> None:
    ticket = world.store.adopt(Item(item="F", kind="fax", caller="13800001234"), document=Document(pages=0, error="no page"))
    world.turn(seconds=1)
    with world.store.database.writes() as session:
        row = session.get_one(Delivery, world.store.outbox.of_ticket(ticket.id)[0].id)
        row.body = wiping.without(row.body)
    again = Replaying(world.store.outbox).since(BEGAN)
    assert (again.sent, again.gone) == (0, 1)
