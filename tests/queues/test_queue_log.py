"""queue_log read on from where it was left: over restarts of ours, of Asterisk, and rotation of the file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.happenings import AgentAnswered, AgentCallEnded, Happening
from queues.queue_log import QueueLog
from queues.records import MOST_REMEMBERED, Ledger, Record

# As a real Asterisk 22 wrote it.
BEGIN = "1795311586|NONE|NONE|NONE|QUEUESTART|\n"
ENTERS = (
    "1795311586|a-1.1|hotline-complaints|NONE|HOTLINE|a-1.0|12345-1-1|complaint|13800001234|12345\n"
    "1795311586|a-1.1|hotline-complaints|NONE|ENTERQUEUE||13800001234|1\n"
)
CONNECT = "1795311589|a-1.1|hotline-complaints|1001|CONNECT|3|a-1.2|2\n"
ENDS = "1795311599|a-1.1|hotline-complaints|1001|COMPLETEAGENT|3|10|1\n"

ANSWERED = AgentAnswered(
    linkedid="a-1.0", uniqueid="a-1.1", queue="complaints", agent="1001", path="12345-1-1", type="complaint",
    caller="13800001234", called="12345", at=datetime.fromtimestamp(1795311589, UTC), waited_seconds=3,
)  # fmt: skip
ENDED = AgentCallEnded("a-1.0", "a-1.1", "complaints", "1001", "agent", datetime.fromtimestamp(1795311599, UTC), 10)


class Logbook:
    """A queue_log that Asterisk writes to and rotates, and readers of it that come and go."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue_log"
        self.bookmark = folder / "run" / "bookmark"
        self.path.write_text(BEGIN)

    def writes(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def rotates(self) -> None:
        """As logger.c does with rotatestrategy=rotate: every old file moves on by one."""
        for number in range(9, -1, -1):
            old = self.path.with_name(f"queue_log.{number}")
            if old.exists():
                old.rename(self.path.with_name(f"queue_log.{number + 1}"))
        self.path.rename(self.path.with_name("queue_log.0"))
        self.path.write_text(f"1795311600|NONE|NONE|NONE|CONFIGRELOAD|{len(list(self.path.parent.iterdir()))}\n")

    def reader(self) -> QueueLog:
        return QueueLog(self.path, self.bookmark)

    def is_read(self) -> list[Happening]:
        """By a process that starts, deals with what it finds, and ends."""
        reader = self.reader()
        happenings = reader.read()
        reader.keep()
        return happenings


@pytest.fixture
def logbook(tmp_path: Path) -> Logbook:
    return Logbook(tmp_path)


def test_an_answered_call_is_told_with_its_path_and_then_its_end(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT + ENDS)
    assert logbook.is_read() == [ANSWERED, ENDED]
    assert logbook.is_read() == []


def test_what_was_not_dealt_with_is_told_again(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT)
    reader = logbook.reader()
    assert reader.read() == reader.read() == [ANSWERED]
    assert logbook.is_read() == [ANSWERED]


def test_a_restart_between_any_two_lines_changes_nothing(logbook: Logbook) -> None:
    told = []
    for line in (ENTERS + CONNECT + ENDS).splitlines(keepends=True):
        logbook.writes(line)
        told += logbook.is_read()
    assert told == [ANSWERED, ENDED]


def test_half_a_line_waits_for_its_other_half(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT[:25])
    assert logbook.is_read() == []
    logbook.writes(CONNECT[25:])
    assert logbook.is_read() == [ANSWERED]


@pytest.mark.parametrize("rotations", [1, 2, 3])
def test_the_rest_of_a_rotated_file_is_read_before_the_new_one(logbook: Logbook, rotations: int) -> None:
    logbook.writes(ENTERS)
    assert logbook.is_read() == []
    logbook.writes(CONNECT)
    for _ in range(rotations):
        logbook.rotates()
    logbook.writes(ENDS)
    assert logbook.is_read() == [ANSWERED, ENDED]
    assert logbook.is_read() == []


def test_a_first_reader_begins_with_the_oldest_file(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT)
    logbook.rotates()
    logbook.writes(ENDS)
    assert logbook.is_read() == [ANSWERED, ENDED]


def test_a_file_gone_with_our_place_in_it_is_counted_and_the_present_one_read(logbook: Logbook) -> None:
    logbook.writes(ENTERS)
    logbook.is_read()
    logbook.path.unlink()
    logbook.path.write_text("1795311700|NONE|NONE|NONE|QUEUESTART|\n" + ENTERS + CONNECT)
    reader = logbook.reader()
    assert reader.read() == [ANSWERED]
    assert reader.missed == 1


def test_a_file_cut_to_nothing_in_place_is_read_from_its_start(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT + ENDS)
    logbook.is_read()
    logbook.path.write_text(BEGIN + ENTERS + CONNECT)
    reader = logbook.reader()
    assert reader.read() == [ANSWERED] and reader.missed == 1


def test_no_file_yet_is_no_news(tmp_path: Path) -> None:
    reader = QueueLog(tmp_path / "queue_log", tmp_path / "bookmark")
    assert reader.read() == []
    reader.keep()
    (tmp_path / "queue_log").write_text(BEGIN + ENTERS + CONNECT)
    assert reader.read() == [ANSWERED]


@pytest.mark.parametrize("damage", ["", "{", "null", "[]", '{"place": 1}', '{"place": {"x": 1}, "ledger": {}}'])
def test_a_damaged_bookmark_reads_from_the_beginning(logbook: Logbook, damage: str) -> None:
    logbook.writes(ENTERS + CONNECT)
    logbook.is_read()
    logbook.bookmark.write_text(damage)
    assert logbook.is_read() == [ANSWERED]


def test_a_very_long_log_is_read_in_turns(logbook: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queues.log_file.MOST_AT_ONCE", 120)
    logbook.writes(ENTERS + CONNECT)
    logbook.rotates()
    logbook.writes(ENDS)
    told = []
    for _ in range(10):
        told += logbook.is_read()
    assert told == [ANSWERED, ENDED]


def test_asterisk_starting_again_ends_every_conversation(logbook: Logbook) -> None:
    logbook.writes(ENTERS + CONNECT)
    logbook.is_read()
    logbook.writes("1795311700|NONE|NONE|NONE|QUEUESTART|\n")
    [ended] = logbook.is_read()
    assert isinstance(ended, AgentCallEnded) and (ended.by, ended.linkedid, ended.agent) == ("asterisk", "a-1.0", "1001")


def test_who_gave_up_or_ran_out_of_time_is_nobodys_conversation(logbook: Logbook) -> None:
    logbook.writes(ENTERS + "1795311590|a-1.1|hotline-complaints|NONE|ABANDON|1|1|4\n")
    logbook.writes(ENTERS.replace("a-1.1", "a-2.1") + "1795311590|a-2.1|hotline-complaints|NONE|EXITWITHTIMEOUT|1|1|4\n")
    assert logbook.is_read() == []


def test_a_caller_who_waits_on_after_a_timeout_is_still_known(logbook: Logbook) -> None:
    logbook.writes(ENTERS + "1795311587|a-1.1|hotline-complaints|NONE|EXITWITHTIMEOUT|1|1|4\n")
    logbook.writes("1795311588|a-1.1|hotline-complaints|NONE|ENTERQUEUE||13800001234|1\n" + CONNECT)
    assert logbook.is_read() == [ANSWERED]


def test_without_our_own_line_the_caller_is_known_by_asterisks(logbook: Logbook) -> None:
    logbook.writes(ENTERS.splitlines(keepends=True)[1] + CONNECT)
    [answered] = logbook.is_read()
    assert isinstance(answered, AgentAnswered)
    assert (answered.linkedid, answered.caller, answered.path) == ("a-1.1", "13800001234", "")


@pytest.mark.parametrize("event", ["COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER"])
def test_every_end_has_a_name(logbook: Logbook, event: str) -> None:
    logbook.writes(ENTERS + CONNECT + ENDS.replace("COMPLETEAGENT|3|10", f"{event}|3|10|x|10"))
    _, ended = logbook.is_read()
    assert isinstance(ended, AgentCallEnded) and ended.by in ("caller", "transfer")


BROKEN = ["", "\n", "x\n", "1795311586|a|q\n", "now|a|q|1001|CONNECT|3\n", "\x00\x00\x00\n", "9" * 40 + "|a|q|1001|CONNECT\n", "1795311586|a|q|1001||\n"]


def test_broken_lines_are_counted_and_passed_over(logbook: Logbook) -> None:
    logbook.path.write_bytes(logbook.path.read_bytes() + ENTERS.encode() + "".join(BROKEN).encode() + b"\xff\xfe|\xe6\n" + CONNECT.encode())
    reader = logbook.reader()
    assert reader.read() == [ANSWERED]
    assert reader.broken_lines >= len(BROKEN) - 1


def test_a_name_with_strange_line_separators_does_not_make_lines(logbook: Logbook) -> None:
    logbook.writes(ENTERS.replace("||13800001234", "|\x0b\u2028\x85|13800001234") + CONNECT)
    assert logbook.is_read() == [ANSWERED]


def test_an_agent_who_asks_a_queues_people_is_no_caller_of_theirs() -> None:
    """Nobody's ticket begins or ends by it, however it ends."""
    for end in ("CONNECT|3|c.3|2", "ABANDON|1|1|3", "EXITWITHTIMEOUT|1|1|45"):
        lines = ["HOTLINEASK|c.1", "ENTERQUEUE||wang|1", end, "COMPLETEAGENT|3|20|1"]
        ledger = Ledger()
        records = [Record.parse(f"1795000000|c.2|hotline-tax|li/102|{line}") for line in lines]
        assert ledger.follow(record for record in records if record) == []
        assert ledger.talking == {}


def test_callers_who_never_leave_do_not_fill_the_memory() -> None:
    ledger = Ledger()
    ledger.follow(Record.parse(ENTERS.splitlines()[0].replace("a-1.1", f"a-{n}.1")) for n in range(MOST_REMEMBERED + 50))  # type: ignore[misc]
    assert len(ledger.callers) == MOST_REMEMBERED


@given(st.text(max_size=200))
def test_no_line_breaks_the_reader_of_lines(line: str) -> None:
    record = Record.parse(line)
    if record:
        json.dumps([str(h) for h in Ledger().follow([record])])


@settings(max_examples=50, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), rotate_at=st.integers(0, 6))
def test_wherever_reading_stops_the_story_is_the_same(tmp_path_factory: pytest.TempPathFactory, cuts: list[int], rotate_at: int) -> None:
    logbook = Logbook(tmp_path_factory.mktemp("log"))
    text = ENTERS + CONNECT + ENDS
    told, place = [], 0
    for number, cut in enumerate(sorted(cuts)):
        logbook.writes(text[place:cut])
        place = max(place, min(cut, len(text)))
        if number == rotate_at and (not place or text[place - 1] == "\n"):
            logbook.rotates()
        told += logbook.is_read()
    logbook.writes(text[place:])
    assert told + logbook.is_read() == [ANSWERED, ENDED]
