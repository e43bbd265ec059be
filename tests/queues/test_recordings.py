"""Recordings of conversations: from raw samples to a file with a checksum, and its end."""

from __future__ import annotations

import hashlib
import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queues import audit, recording_rows, recordings
from queues.call_record import CallKind, CallRecord, Outcome, Segment, SegmentKind
from queues.recordings import Keeping
from tickets.database import Database

BEGAN = datetime(2026, 11, 22, 1, tzinfo=UTC)
CALL = CallRecord(
    "h-1.1", CallKind.INBOUND, "13800001234", "12345", BEGAN.timestamp(), ended_at=BEGAN.timestamp() + 12, ended_by="caller",
    type="complaint", outcome=Outcome.ANSWERED,
    segments=(Segment(SegmentKind.TALK, BEGAN.timestamp() + 2, BEGAN.timestamp() + 12, "general", "wang"),),
)  # fmt: skip


def record(home: Path, seconds: float, extra: bytes = b"") -> Path:
    folder = recordings.raw_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "h-1.1.raw"
    raw.write_bytes(b"\x01\x00\x02\x00" * int(seconds * recordings.RATE) + extra)
    return raw


def test_what_both_said_is_a_wav_with_its_checksum(tmp_path: Path) -> None:
    stored = recordings.store(tmp_path, record(tmp_path, 10), CALL, Keeping(180, {"complaint": 730}), BEGAN)
    path = tmp_path / stored.path
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth(), sound.getnframes()) == (2, 8000, 2, 80_000)
    assert stored.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (stored.seconds, stored.truncated, stored.kind) == (10, False, "complaint")
    assert stored.keep_until == BEGAN + timedelta(days=730)
    assert path.stat().st_mode & 0o777 == 0o600
    assert recordings.store(tmp_path, record(tmp_path, 10), CALL, Keeping(), BEGAN).sha256 == stored.sha256, "again is the same"


@pytest.mark.parametrize(("seconds", "extra", "ended_by"), [(4, b"\x01", "caller"), (10, b"\x01\x00\x02", "asterisk"), (0, b"", "caller")])
def test_what_ends_too_early_is_repaired_and_says_so(tmp_path: Path, seconds: float, extra: bytes, ended_by: str) -> None:
    stored = recordings.store(tmp_path, record(tmp_path, seconds, extra), replace(CALL, ended_by=ended_by), Keeping(), BEGAN)
    assert stored.truncated
    with wave.open(str(tmp_path / stored.path)) as sound:
        assert sound.getnframes() == seconds * recordings.RATE
    assert (tmp_path / stored.path).stat().st_size == 44 + 4 * seconds * recordings.RATE, "no half sample is left at its end"


def test_a_full_disk_leaves_the_raw_file_and_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = record(tmp_path, 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        recordings.store(tmp_path, raw, CALL, Keeping(), BEGAN)
    assert raw.exists()
    assert [path.name for path in recordings.folder(tmp_path).rglob("*") if path.is_file()] == ["h-1.1.raw"]


def test_without_room_no_recording_begins(tmp_path: Path) -> None:
    assert recordings.room(tmp_path, 0)
    assert not recordings.stop_file(tmp_path).exists()
    assert not recordings.room(tmp_path, 10**9)
    assert recordings.stop_file(tmp_path).exists()
    assert recordings.room(tmp_path, 0)
    assert not recordings.stop_file(tmp_path).exists()


def test_what_is_due_is_deleted_once_and_proven(database: Database, tmp_path: Path) -> None:
    stored = recordings.store(tmp_path, record(tmp_path, 10), CALL, Keeping(1, {"report": 1000}), BEGAN)
    recording_rows.keep(database, stored)
    assert recording_rows.delete_due(database, tmp_path, BEGAN + timedelta(hours=23)) == 0
    assert (tmp_path / stored.path).exists()
    assert recording_rows.delete_due(database, tmp_path, BEGAN + timedelta(days=2)) == 1
    assert not (tmp_path / stored.path).exists()
    assert recording_rows.delete_due(database, tmp_path, BEGAN + timedelta(days=2)) == 0
    assert recording_rows.find(database, ["h-1.1"]) == []
    line = audit.lines(database)[0]
    assert (line.action, line.target, line.outcome) == ("recording.delete", "h-1.1", "done")
    assert stored.sha256 in line.reason and "class complaint" in line.reason and "as it was stored" in line.reason


def test_a_crash_between_file_and_row_is_told_by_the_next_run(database: Database, tmp_path: Path) -> None:
    stored = recordings.store(tmp_path, record(tmp_path, 10), CALL, Keeping(1), BEGAN)
    recording_rows.keep(database, stored)
    (tmp_path / stored.path).unlink()
    assert recording_rows.delete_due(database, tmp_path, BEGAN + timedelta(days=2)) == 1
    assert "gone already" in audit.lines(database)[0].reason


def test_a_file_that_cannot_be_deleted_is_not_said_to_be(database: Database, tmp_path: Path) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    recording_rows.keep(database, recordings.store(tmp_path, record(tmp_path, 10), CALL, Keeping(1), BEGAN))
    assert recording_rows.delete_due(database, tmp_path, BEGAN + timedelta(days=2), refused) == 0
    assert [row.linkedid for row in recording_rows.find(database, ["h-1.1"])] == ["h-1.1"]
    assert audit.lines(database) == []
