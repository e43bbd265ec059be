"""`hotline alarms`, `callbacks` and `agents list` with rows, as a supervisor reads them: plain words, numbers masked."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli import build
from hotline.terminal import lasted
from queues import alarm_file, people
from queues.actor import Actor
from queues.alarms import Alarm, Board, Kind
from queues.callback_tables import CallBackRow, MissedRow
from tickets.database import Database

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, queues_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "hotline.sqlite3").write_bytes(queues_sqlite.read_bytes())
    return tmp_path


def shown(*words: str) -> str:
    done = CliRunner().invoke(build(), words)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_alarms_say_how_long_and_where_there_is_a_limit(home: Path) -> None:
    now = time.time()
    alarm_file.write(alarm_file.where(home), Board(), now)
    assert shown("alarms") == "no alarm is on\n"
    on = (
        Alarm("deadline:20261122-000001", Kind.DEADLINE, "20261122-000001", now - 12_000, 12_000, 0),
        Alarm("connection:all", Kind.CONNECTION, "all", now, 0.91, 0.95, "supervisor zhao"),
        Alarm("nobody:tax", Kind.NOBODY, "tax", now, 1, 0),
        Alarm("surge:阳光花园 停水", Kind.SURGE, "阳光花园 停水", now, 6, 0),
        Alarm("waiting:tax", Kind.WAITING, "tax", now, 42, 15),
    )
    alarm_file.write(alarm_file.where(home), Board({alarm.key: alarm for alarm in on}), now)
    lines = {line.split()[0]: line for line in shown("alarms").splitlines()}
    assert "工单超期" in lines["deadline:20261122-000001"] and lines["deadline:20261122-000001"].rstrip().endswith("3 h 20 min"), "of no limit nothing is said"
    assert all(word in lines["connection:all"] for word in ("91.0%", "95.0%", "supervisor zhao"))
    assert lines["waiting:tax"].split()[-4:] == ["42", "s", "15", "s"]
    assert lines["surge:阳光花园"].rstrip().endswith("6 callers")
    assert lines["nobody:tax"].rstrip()[-2:].isdigit(), "nothing after the time"


def test_call_backs_and_those_who_gave_up(home: Path) -> None:
    assert shown("callbacks").count("nobody") == 2
    database = Database(f"sqlite:///{home / 'hotline.sqlite3'}")
    with database.writes() as session:
        session.add(CallBackRow(
            id="c-1", number="13800001301", path="12345-1-1", type="complaint", called="12345", queue="hotline-general+tax", place=1, priority=0, penalty=10, trunk="trunk",
            trunk_at="", version="1", state="waiting", asked_at=AT, changed_at=AT, tries=0, next_at=None, agent="", reason="",
        ))  # fmt: skip
        session.add(MissedRow(number="13900001302", queue="tax", path="", type="", called="", times=2, first_at=AT, last_at=AT, waited_seconds=75))
    database.close()
    said = shown("callbacks")
    assert "138****1301" in said and "139****1302" in said and "1301 " in said and "13800001301" not in said
    assert "general tax" in said and "hotline-" not in said
    assert "1 min" in said and "None" not in said and "_" not in said


def test_people_and_what_to_do_where_there_are_none(home: Path) -> None:
    assert "hotline agents add" in shown("agents", "list")
    database = Database(f"sqlite:///{home / 'hotline.sqlite3'}")
    people.add(database, Actor("administrator"), "li", {"name": "李[红]明", "work_number": "1024", "skills": {"tax": 7}})
    database.close()
    assert "李[红]明" in shown("agents", "list") and "tax:7" in shown("agents", "list")


@pytest.mark.parametrize(("seconds", "words"), [(-1, "0 s"), (59.4, "59 s"), (60, "1 min"), (3600, "1 h"), (12_000, "3 h 20 min"), (86_400, "1 d"), (187_200, "2 d 4 h")])
def test_how_long_as_one_says_it(seconds: float, words: str) -> None:
    assert lasted(seconds) == words
