"""Places that are gone are ordered once, whatever becomes of the order; what is asked by hand is refused where it must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.queueing import CallBacks
from queues import callback_book as book
from queues.actor import SUPERVISOR, Actor, Refused
from queues.callback_floor import GRACE, CallBackFloor
from queues.callback_tables import MissedRow
from queues.errors import ActionRefused, ResultUnknown
from queues.event import Answer, Event
from queues.storage import Rows
from tests.queues.test_callbacks import callback
from tickets.database import Database

BOSS = Actor(SUPERVISOR, agent="wang")
LONG_AGO = datetime.now(UTC) - 3 * GRACE


class Link:
    """Asterisk's side: which legs there are, what was ordered, and whether the answer is lost on the way."""

    connected = True

    def __init__(self) -> None:
        self.legs: list[str] = []
        self.did: list[Mapping[str, Any]] = []
        self.lost = False

    async def action(self, fields: Mapping[str, Any]) -> Answer:
        if fields["Action"] != "CoreShowChannels":
            self.did.append(fields)
            if fields["Action"] == "Hangup" and fields["Channel"].endswith(";2"):
                raise ActionRefused("No such channel")
            if self.lost:
                raise ResultUnknown("lost")
            return Answer(Event.of({"Response": "Success"}))
        rows = [Event.of({"Event": "CoreShowChannel", "Channel": leg, "Uniqueid": str(at)}) for at, leg in enumerate(self.legs)]
        end = Event.of({"Event": "CoreShowChannelsComplete", "ListItems": str(len(rows))})
        return Answer(Event.of({"Response": "Success"}), (*rows, end))


class Day:
    """The rules as they are now."""

    calling = True

    async def __call__(self) -> tuple[CallBacks, str, bool]:
        return CallBacks(), "7", self.calling


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def floor(database: Database, link: Link, day: Day, tmp_path: Path) -> CallBackFloor:
    async def opened() -> Database:
        return database

    return CallBackFloor(link, Rows(opened), tmp_path / "queue_log", day)  # type: ignore[arg-type]


async def test_a_place_that_is_gone_is_ordered_once_even_if_nobody_knows_what_came_of_it(floor: CallBackFloor, link: Link, database: Database) -> None:
    book.add(database, replace(callback("waiting"), changed_at=LONG_AGO))
    link.lost = True
    for _ in range(3):
        await floor.look()
    (order,) = link.did
    assert order["Channel"] == "Local/pc1@hotline-far/n" and "__HOTLINE_BACK=13800000001" in order["Variable"] and "HOTLINE_PLACE=1" in order["Variable"]


async def test_a_place_that_stands_is_not_ordered(floor: CallBackFloor, link: Link, database: Database) -> None:
    book.add(database, replace(callback("waiting"), changed_at=LONG_AGO))
    link.legs = ["Local/pc1@hotline-far-00000001;1", "Local/pc1@hotline-far-00000001;2"]
    await floor.look()
    assert link.did == []


async def test_nobody_is_called_at_night(floor: CallBackFloor, link: Link, day: Day, database: Database) -> None:
    book.add(database, replace(callback("waiting"), changed_at=LONG_AGO))
    day.calling = False
    await floor.look()
    assert link.did == []


async def test_an_id_that_is_no_extension_is_never_dialled(floor: CallBackFloor, link: Link, database: Database) -> None:
    book.add(database, replace(callback("waiting"), id="x@hotline-trunk,1", changed_at=LONG_AGO))
    await floor.look()
    assert link.did == []


async def test_one_click_calls_back_who_gave_up(floor: CallBackFloor, link: Link, database: Database) -> None:
    _gave_up(database, "13800000001")
    made = await floor.make(BOSS, "20261123040000-0001")
    assert (made["callback"]["number"], made["callback"]["queue"]) == ("13800000001", "hotline-complaints")
    with pytest.raises(Refused, match="nobody who gave up"):
        await floor.make(BOSS, "20261123040000-0001")
    await floor.look()
    assert len(link.did) == 1


async def test_what_may_not_be_called_back(floor: CallBackFloor, day: Day, database: Database) -> None:
    _gave_up(database, "0085221230001")
    with pytest.raises(Refused, match="may not be called back"):
        await floor.make(BOSS, "20261123040000-0001")
    day.calling = False
    with pytest.raises(Refused, match="nobody who gave up"):
        await floor.make(BOSS, "20261123040000-9999")


async def test_a_call_back_is_taken_back_until_it_has_begun(floor: CallBackFloor, link: Link, database: Database) -> None:
    book.add(database, callback("waiting"))
    link.legs = ["Local/pc1@hotline-far-00000001;1", "PJSIP/trunk-00000001", "Local/pc1@hotline-far-00000001;2"]
    assert (await floor.cancel(BOSS, "c1"))["callback"]["state"] == "cancelled"
    assert [deed["Channel"] for deed in link.did] == ["Local/pc1@hotline-far-00000001;1", "Local/pc1@hotline-far-00000001;2"]
    with pytest.raises(Refused, match="it is cancelled"):
        await floor.cancel(BOSS, "c1")
    book.add(database, replace(callback("talking"), id="c2"))
    with pytest.raises(Refused, match="it is talking"):
        await floor.cancel(BOSS, "c2")
    with pytest.raises(Refused, match="there is no call-back"):
        await floor.cancel(BOSS, "c3")


async def test_what_is_over_is_forgotten_after_a_month(database: Database) -> None:
    book.add(database, callback("done"))
    book.add(database, replace(callback("waiting"), id="c2"))
    book.forget_old(database, datetime.now(UTC) + timedelta(days=400))
    assert [one.id for one in book.listed(database, all_=True)] == ["c2"]


def _gave_up(database: Database, number: str) -> None:
    at = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    row = MissedRow(number=number, queue="complaints", path="12345-1-1", type="complaint", called="12345", times=1, first_at=at, last_at=at, waited_seconds=9)
    with database.writes() as session:
        session.add(row)
