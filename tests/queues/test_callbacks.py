"""Call-backs from queue_log: one a number and matter, never counted twice, believed rightly when the lines end in the middle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.queueing import CallBacks
from queues import callback_book as book
from queues import callbacks
from queues.callback_floor import GRACE, due
from queues.callbacks import CallBack
from queues.log_file import LogFile
from tickets.database import Database

RULES = CallBacks(tries=2, pause_minutes=15)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ASKED = "HOTLINECALLBACK|13800000001|12345-1-1|complaint|1234511|3|0|trunk|127.0.0.2:5060|7|9|hotline-complaints+tax"


class Log:
    """queue_log, as Asterisk would write it, a second a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = int(NOON.timestamp())

    def says(self, callid: str, words: str, *, agent: str = "NONE", queue: str = "hotline-complaints") -> None:
        self.seconds += 1
        with self.path.open("a") as file:
            file.write(f"{self.seconds}|{callid}|{queue}|{agent}|{words}\n")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(tmp_path / "queue_log")
    made.says("NONE", "QUEUESTART|")
    return made


def read(database: Database, log: Log) -> CallBack:
    """The one call-back after everything was read, by a reader that knows nothing but the database."""
    book.read_on(database, LogFile(log.path), RULES)
    (found,) = book.listed(database, all_=True)
    return found


def test_a_call_back_from_the_key_to_the_talk(database: Database, log: Log) -> None:
    log.says("c1", ASKED)
    log.says("p1", "HOTLINEPLACE|c1")
    waiting = read(database, log)
    assert (waiting.id, waiting.state, waiting.number, waiting.place, waiting.queue) == ("c1", "waiting", "13800000001", 3, "hotline-complaints+tax")
    log.says("p1", "CONNECT|12|x|2", agent="li")
    assert (read(database, log).state, read(database, log).agent) == ("reserved", "li")
    log.says("f1", "HOTLINEDIAL|c1", queue="NONE")
    assert (read(database, log).state, read(database, log).tries) == ("dialling", 1)
    log.says("f1", "HOTLINETALKS|c1", queue="NONE")
    log.says("f1", "HOTLINEDIALED|c1|ANSWER", queue="NONE")
    assert (read(database, log).state, read(database, log).tries) == ("done", 1)
    assert book.read_on(database, LogFile(log.path), RULES) == 0


def test_nobody_at_home_is_tried_again_after_a_pause_and_not_for_ever(database: Database, log: Log) -> None:
    log.says("c1", ASKED)
    log.says("f1", "HOTLINEDIAL|c1", queue="NONE")
    log.says("f1", "HOTLINEDIALED|c1|NOANSWER", queue="NONE")
    resting = read(database, log)
    assert (resting.state, resting.reason) == ("resting", "noanswer")
    assert resting.next_at == resting.changed_at + timedelta(minutes=15)
    assert list(due(resting, frozenset(), resting.changed_at, RULES, calling=True)) == []
    (again,) = due(resting, frozenset(), resting.next_at, RULES, calling=True)
    assert again.state == "waiting" and book.keep(database, again, was="resting")
    log.says("f2", "HOTLINEDIAL|c1", queue="NONE")
    log.says("f2", "HOTLINEDIALED|c1|BUSY", queue="NONE")
    assert (read(database, log).state, read(database, log).tries) == ("given_up", 2)


@pytest.mark.parametrize(
    ("lines", "state", "tries"),
    [
        ((), "waiting", 0),
        (("p1|CONNECT|1|x|1",), "waiting", 0),
        (("p1|CONNECT|1|x|1", "f1|HOTLINEDIAL|c1"), "resting", 1),
        (("p1|CONNECT|1|x|1", "f1|HOTLINEDIAL|c1", "f1|HOTLINETALKS|c1"), "done", 1),
    ],
)
def test_asterisk_dies_at_each_step(database: Database, log: Log, lines: tuple[str, ...], state: str, tries: int) -> None:
    """Whoever may have heard it ring was tried, whoever talked has talked, everybody else has their place again."""
    log.says("c1", ASKED)
    log.says("p1", "HOTLINEPLACE|c1")
    for line in lines:
        log.says(*line.split("|", 1), agent="li")
    log.says("NONE", "QUEUESTART|")
    found = read(database, log)
    assert (found.state, found.tries) == (state, tries)


def test_a_second_request_finds_the_first(database: Database, log: Log) -> None:
    log.says("c1", ASKED)
    log.says("f1", "HOTLINEDIAL|c1", queue="NONE")
    log.says("f1", "HOTLINEDIALED|c1|NOANSWER", queue="NONE")
    first = read(database, log)
    log.says("c2", ASKED)
    second = read(database, log)
    assert (second.id, second.state, second.tries, second.asked_at) == ("c2", "waiting", 1, first.asked_at)
    log.says("c3", ASKED.replace("12345-1-1", "12345-1-3"))
    book.read_on(database, LogFile(log.path), RULES)
    assert len(book.listed(database)) == 2  # another matter


def test_whoever_calls_again_and_talks_needs_no_call_back(database: Database, log: Log) -> None:
    log.says("c1", ASKED)
    log.says("c9", "HOTLINE|c9|12345-1-1|complaint|13800000001|1234511")
    log.says("c9", "CONNECT|1|x|1", agent="li")
    assert read(database, log).state == "done"


def test_those_who_gave_up_are_listed_once_until_somebody_talks_to_them(database: Database, log: Log) -> None:
    for call in ("c1", "c2"):
        log.says(call, "HOTLINE|l|12345-1-1|complaint|13800000002|1234511")
        log.says(call, "ABANDON|1|1|40")
    log.says("c3", "HOTLINE|l|12345-1-1|complaint|13800000003|1234511")
    log.says("c3", "ABANDON|1|1|2")  # too short to have waited
    log.says("c4", "HOTLINE|l|12345-1-1|complaint||1234511")
    log.says("c4", "ABANDON|1|1|90")  # withheld: nobody can be called back
    log.says("p5", "HOTLINEPLACE|c0")
    log.says("p5", "HOTLINE|l|12345-1-1|complaint|13800000009|1234511")
    log.says("p5", "ABANDON|1|1|90")  # a place is not a caller
    book.read_on(database, LogFile(log.path), RULES)
    (row,) = book.missed(database)
    assert (row.number, row.times, row.waited_seconds, row.queue) == ("13800000002", 2, 40, "complaints")
    log.says("c6", "HOTLINE|l|12345-0|help|13800000002|12345", queue="hotline-general")
    log.says("c6", "CONNECT|1|x|1", agent="li", queue="hotline-general")
    book.read_on(database, LogFile(log.path), RULES)
    assert list(book.missed(database)) == []


def test_one_click_makes_a_call_back_and_a_second_click_none(database: Database, log: Log) -> None:
    log.says("c1", "HOTLINE|l|12345-1-1|complaint|13800000002|1234511")
    log.says("c1", "ABANDON|1|1|40")
    book.read_on(database, LogFile(log.path), RULES)
    (row,) = book.missed(database)
    made = book.add(database, book.by_hand(row, "hotline-complaints", "7", 1))
    assert book.add(database, book.by_hand(row, "hotline-complaints", "7", 2)).id == made.id
    assert [callback.id for callback in book.open_ones(database)] == [made.id] and list(book.missed(database)) == []


def test_a_place_that_stands_is_left_alone_and_a_missing_one_is_made_once() -> None:
    waiting = callback(state="waiting")
    late = NOON + 2 * GRACE
    assert list(due(waiting, frozenset({"c1"}), late, RULES, calling=True)) == []
    assert list(due(waiting, frozenset(), NOON + GRACE / 2, RULES, calling=True)) == []
    assert list(due(waiting, frozenset(), late, RULES, calling=False)) == []  # at night nobody is called
    (ordered,) = due(waiting, frozenset(), late, RULES, calling=True)
    assert list(due(ordered, frozenset(), late + GRACE / 2, RULES, calling=True)) == []


def test_a_step_backwards_changes_nothing() -> None:
    done = callback(state="done")
    assert callbacks.dialled(done, NOON) is done
    assert callbacks.cancelled(callback(state="talking"), NOON, "x").state == "talking"


def test_the_database_knows_better_than_an_old_look(database: Database, log: Log) -> None:
    log.says("c1", ASKED)
    seen = read(database, log)
    log.says("p1", "HOTLINEPLACE|c1")
    log.says("p1", "CONNECT|1|x|1", agent="li")
    assert read(database, log).state == "reserved"
    assert not book.keep(database, replace(seen, changed_at=NOON), was=seen.state)


@pytest.mark.parametrize(
    ("number", "may"),
    [
        ("13812345678", True), ("05468123456", True), ("8123456", True), ("0085221234567", False), ("110", False),
        ("16812345", False), ("95588", False), ("+8613812345678", False), ("13812345678|x", False), ("", False),
    ],
)  # fmt: skip
def test_only_domestic_telephones_are_called_back(number: str, may: bool) -> None:
    assert CallBacks().allows(number) is may


def callback(state: str) -> CallBack:
    return CallBack(
        id="c1", number="13800000001", path="12345-1-1", type="complaint", called="12345", queue="hotline-complaints", place=1,
        priority=0, penalty=9, trunk="", trunk_at="", version="1", state=state, asked_at=NOON, changed_at=NOON,
    )  # fmt: skip
