"""Many callers with one matter at one place are told of once; calls that repeat a matter name their first ticket."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.tickets.test_notices import Desk
from tickets.case import Cases
from tickets.intake import Intake
from tickets.intake_rules import Report
from tickets.life import now
from tickets.models import Ticket
from tickets.spool import Item
from tickets.store import Audio, Store
from tickets.surges import SurgeTold, listed, look
from tickets.transcriber import Transcript


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    copy = tmp_path / "hotline.sqlite3"
    copy.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{copy}"


def says(store: Store, words: str, caller: str, item: str) -> Ticket:
    """A message of a caller, recognised."""
    moment = now().isoformat()
    ticket = store.adopt(Item(item=item, kind="voicemail", caller=caller, opened_at=moment, closed_at=moment), Audio("recordings/m.wav", "0" * 64, 3.0))
    return store.record_transcript(ticket.id, Transcript(words, words, "play", "none"))


def test_a_surge_over_all_channels_is_told_once_and_once_when_it_is_over(store: Store) -> None:
    intake = Intake(store)
    for n in range(3):
        says(store, "阳光花园停水了", f"1380000000{n}", f"M{n}")
    intake.take(Report("sms", "1", "13900000001", "阳光花园停水了", phone="13900000001"))
    heard: list[SurgeTold] = []
    assert look(Cases(store.database), heard.append) == []
    intake.take(Report("wechat", "2", "openid", "阳光花园3栋停水"))
    (told,) = look(Cases(store.database), heard.append)
    assert (told.state, told.place, told.callers, len(told.tickets)) == ("raised", "阳光花园", 5, 5)
    intake.take(Report("wechat", "3", "openid-2", "阳光花园停水"))
    assert look(Cases(store.database)) == []
    (row,) = listed(store.database, 10)
    assert (row.callers, len(row.tickets), row.ended_at) == (6, 6, None)
    (over,) = look(Cases(store.database, clock=lambda: now() + timedelta(minutes=61)), heard.append)
    assert (over.state, [one.state for one in heard]) == ("ended", ["raised", "ended"])
    assert listed(store.database, 10) == [] and len(listed(store.database, 10, all_=True)) == 1


def test_one_caller_five_times_is_no_surge(store: Store) -> None:
    for n in range(5):
        says(store, "阳光花园停水了", "13800000001", f"M{n}")
    assert look(Cases(store.database)) == []


def test_a_message_that_repeats_a_matter_names_the_first_ticket_and_keeps_its_own(store: Store) -> None:
    desk = Desk(store)
    first = says(store, "人民路12号路灯坏了三天没人修", "13800001234", "M1")
    other = says(store, "建设路8号井盖丢了很危险", "13800001234", "M2")
    again = says(store, "您好，人民路12号的路灯坏了三天没人修", "13800001234", "M3")
    stranger = says(store, "人民路12号路灯坏了三天没人修", "13900005678", "M4")
    for _ in range(2):  # what was read once is not counted again
        desk.teller.gather()
    found = {ticket.number: ticket for ticket in store.tickets()}
    assert found[again.number].repeat_of == first.number
    assert (found[first.number].repeats, found[other.number].repeat_of, found[stranger.number].repeat_of) == (1, None, None)
    assert [line.event for line in store.history(ticket_id=first.id)][-1] == "repeated"
