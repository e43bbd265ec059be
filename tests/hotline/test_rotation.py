"""Asterisk's logs do not fill the disk in a year."""

from __future__ import annotations

import pytest

from hotline import rotation
from hotline.asterisk import Asterisk
from hotline.rotation import LOOK_SECONDS, Rotation, rotated
from queues.log_file import LogFile


@pytest.mark.asterisk
def test_large_logs_are_begun_anew_and_the_oldest_go(asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "MAXIMUM_BYTES", 50_000)
    monkeypatch.setitem(rotation.KEPT, "queue_log", 2)
    asterisk.start()
    folder = asterisk.instance.home / "log"
    now = [0.0]
    logs = Rotation(asterisk, lambda: now[0])
    for number in range(4):
        with (folder / "queue_log").open("a") as file:
            file.write(f"{number}\n" * 50_000)
        logs.look()
        assert (folder / "queue_log").stat().st_size < 50_000
        now[0] += LOOK_SECONDS
    newest, older = rotated(folder, "queue_log")
    assert "\n3\n" in newest.read_text()
    assert "\n2\n" in older.read_text()


def test_it_looks_once_a_minute_and_needs_no_asterisk(asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "MAXIMUM_BYTES", 10)
    output = asterisk.instance.home / "log" / "console.log"
    now = [0.0]
    logs = Rotation(asterisk, lambda: now[0])
    logs.look()
    output.write_text("a long line of Asterisk")
    logs.look()
    assert output.stat().st_size > 10, "not yet"
    now[0] += LOOK_SECONDS
    logs.look()
    assert output.stat().st_size == 0


def test_channel_events_are_moved_aside_and_read_on(asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "MAXIMUM_BYTES", 10)
    monkeypatch.setitem(rotation.MOVED, "cel-custom/cel.csv", 2)
    path = asterisk.instance.home / "log" / "cel-custom" / "cel.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    now = [0.0]
    logs, reader = Rotation(asterisk, lambda: now[0]), LogFile(path)
    place, found = None, []
    for number in range(5):
        with path.open("a") as file:  # as Asterisk does for each line
            file.write(f"a long line {number}\n")
        lines, place = reader.read(place)
        found += lines
        logs.look()
        now[0] += LOOK_SECONDS
    assert found == [f"a long line {number}" for number in range(5)]
    assert reader.missed == 0
    assert [old.read_text() for old in rotated(path.parent, "cel.csv")] == ["a long line 4\n", "a long line 3\n"]
