"""What logs and events say of an erased citizen is struck out in place: whoever reads them reads on where they were."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queues import audit, person_traces
from queues.events import EventLog, Events
from queues.log_file import LogFile
from queues.queue_log import QueueLog

NUMBER, OTHER = "13800001234", "13900005678"
FORMS = (NUMBER, f"86{NUMBER}", f"+86{NUMBER}", f"0{NUMBER}")
CALL = "1732273842.12"


def line(number: str, callid: str = CALL, event: str = "HOTLINE") -> str:
    return f"1732273842|{callid}|general|NONE|{event}|{callid}|12345-1|complaint|{number}|12345\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "asterisk" / "log"
    (folder / "cel-custom").mkdir(parents=True)
    (folder / "queue_log.0").write_text(line(NUMBER) + line(OTHER, "1732273843.13"))
    (folder / "queue_log").write_text("1732273900|NONE|NONE|NONE|QUEUESTART|\n" + line(f"86{NUMBER}", "1732273901.1"))
    (folder / "cel-custom" / "cel.csv").write_text(f'"CHAN_START","{CALL}","{CALL}","{CALL}","PJSIP/trunk-1","in","{NUMBER}"\n')
    os.utime(folder / "queue_log.0", (1e9, 1e9))
    return folder


def test_numbers_become_stars_and_readers_lose_nothing(tmp_path: Path, logs: Path) -> None:
    reader = LogFile(logs / "queue_log")
    before, place = reader.read(None)
    sizes = {path: path.stat().st_size for path in logs.rglob("*") if path.is_file()}
    assert person_traces.strike(tmp_path, FORMS, [CALL]) == 3
    assert {path: path.stat().st_size for path in sizes} == sizes and (logs / "queue_log.0").stat().st_mtime == 1e9
    assert not any(NUMBER in path.read_text() for path in sizes)
    again, _ = LogFile(logs / "queue_log").read(None)
    assert [one.replace(f"86{NUMBER}", "*" * 13).replace(NUMBER, "*" * 11) for one in before] == again, "only the number"
    with (logs / "queue_log").open("a") as log:
        log.write(line(OTHER, "1732273999.1"))
    assert [one.split("|")[1] for one in reader.read(place)[0]] == ["1732273999.1"] and reader.missed == 0


def test_an_event_of_their_calls_is_blank_and_the_places_of_others_stay(tmp_path: Path) -> None:
    events, log = Events(tmp_path), EventLog(tmp_path)
    for data in ({"caller": NUMBER}, {"caller": OTHER, "linkedid": "1732273842.123"}, {"linkedid": CALL, "text": "我叫李明珠"}, {"linkedid": "9.9"}):
        events.say("call", data)
    (_, second, _, last), place, _ = log.read(0)
    assert person_traces.strike(tmp_path, FORMS, [CALL]) == 2
    events.say("call", {"linkedid": "10.1"})
    events.close()
    lines, _, gap = log.read(0)
    assert ([one.after for one in lines[:2]], gap) == ([second.after, last.after], False)
    assert [one.data["linkedid"] for one in log.read(place)[0]] == ["10.1"]
    assert "李明珠" not in "".join(path.read_text() for path in (tmp_path / "run" / "events").glob("*.jsonl"))


def test_what_is_remembered_between_lines_goes_too(tmp_path: Path, logs: Path) -> None:
    with (logs / "queue_log").open("a") as log:
        log.write(line(OTHER, "1732273999.1"))
    reader = QueueLog(logs / "queue_log", tmp_path / "bookmark")
    reader.read()
    reader.keep()
    assert NUMBER in (tmp_path / "bookmark").read_text()
    reader.forget([NUMBER, f"86{NUMBER}"])
    assert NUMBER not in (tmp_path / "bookmark").read_text() and OTHER in (tmp_path / "bookmark").read_text()


def test_by_time_the_logs_that_were_full_before_go_and_those_that_are_written_stay(tmp_path: Path, logs: Path) -> None:
    (logs / "cel-custom" / "cel.csv.0").write_text("old")
    os.utime(logs / "cel-custom" / "cel.csv.0", (2e9, 2e9))
    os.utime(logs / "queue_log", (1e9, 1e9))
    assert person_traces.forget_old(tmp_path, datetime.fromtimestamp(1.5e9, UTC)) == 1
    assert sorted(path.name for path in logs.rglob("*") if path.is_file()) == ["cel.csv", "cel.csv.0", "queue_log"]


def test_short_figures_and_nobody_at_all_strike_nothing(tmp_path: Path, logs: Path) -> None:
    assert person_traces.strike(tmp_path, ["12345"], []) == person_traces.strike(tmp_path, [], []) == 0
    assert person_traces.strike(tmp_path, ["17322738"], []) == 0, "a part of a moment is no number"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("asked by 13800001234 by letter", "asked by 138****1234 by letter"), ("+8613800001234", "+86****1234"), ("0546-8012319 05468012319", "0546-8012319 054****2319"),
        ("20261122000001", "20261122000001"), ("20261122-000001", "20261122-000001"), ("1732273842.12", "1732273842.12"), ("01JD13800001234XYZ", "01JD13800001234XYZ"),
    ],
)  # fmt: skip
def test_no_number_enters_the_audit(text: str, kept: str) -> None:
    assert audit.masked(text) == kept
