"""The worker's keeping of recordings: never one that is still written, and none for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline.serve.recorder import ORPHAN_SECONDS, SETTLED_SECONDS, Tapes
from hotline.settings import Settings
from queues import audit, record_store, recording_rows, recordings
from queues.call_record import CallKind, CallRecord
from queues.recording_rows import RecordingRow
from queues.storage import MIGRATIONS
from tickets.database import Database
from tickets.store import Store
from tickets.vault import Vault, is_sealed

NAME = "h-1.1"


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    store = Store(settings.database_url)
    store.migrate()
    store.database.migrate(MIGRATIONS)
    yield store.database
    store.close()


@pytest.fixture
def raw(settings: Settings) -> Path:
    """A second of sound, written long ago."""
    folder = recordings.raw_folder(settings.home)
    folder.mkdir(parents=True)
    path = folder / f"{NAME}.raw"
    path.write_bytes(b"\x01\x00\x02\x00" * recordings.RATE)
    written(path, SETTLED_SECONDS + 60)
    return path


def written(path: Path, seconds_ago: float) -> None:
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))


def over() -> CallRecord:
    now = time.time()
    return CallRecord(NAME, CallKind.INBOUND, "13800001234", "12345", now - 70, ended_at=now - 60, ended_by="caller", type="complaint")


def kept(database: Database) -> list[RecordingRow]:
    return recording_rows.find(database, [NAME])


def test_a_file_that_is_still_open_waits_until_it_is_closed(settings: Settings, database: Database, raw: Path) -> None:
    tapes = Tapes(settings, database)
    with raw.open("ab"):
        tapes.store([over()])
        assert raw.exists()
        assert kept(database) == []
    tapes.store([])
    assert not raw.exists()
    assert [(row.seconds, row.kind) for row in kept(database)] == [(1.0, "complaint")]
    [row] = kept(database)
    assert is_sealed(settings.home / row.path) and Vault(settings.home, database).sha256(settings.home / row.path) == row.sha256


def test_recordings_of_before_are_sealed_and_deleted_in_their_time(settings: Settings, database: Database, raw: Path) -> None:
    tapes = Tapes(settings, database)
    record_store.store(database, [over()])
    tapes.store([over()])
    [row] = kept(database)
    path = settings.home / row.path
    with Vault(settings.home, database).open(path) as file:
        plain = file.read()
    path.write_bytes(plain)  # as an older version left it
    tapes.seal_old()
    assert is_sealed(path) and Vault(settings.home, database).sha256(path) == row.sha256
    later = datetime.now(UTC) + timedelta(days=settings.file.recording.keep_days)
    vault = Vault(settings.home, database)
    assert recording_rows.delete_due(database, settings.home, later, vault.delete, vault.sha256) == 1 and not path.exists()
    assert "as it was stored" in audit.lines(database)[0].reason


def test_a_file_that_was_written_a_moment_ago_waits(settings: Settings, database: Database, raw: Path) -> None:
    tapes = Tapes(settings, database)
    written(raw, 0)
    tapes.store([over()])
    assert raw.exists()
    written(raw, SETTLED_SECONDS + 1)
    tapes.store([])
    assert len(kept(database)) == 1


def test_what_a_worker_before_left_is_taken_up_once_it_is_closed(settings: Settings, database: Database, raw: Path) -> None:
    record_store.store(database, [over()])
    with raw.open("ab"):
        Tapes(settings, database).look()
        assert raw.exists()
    Tapes(settings, database).look()
    assert not raw.exists()
    assert len(kept(database)) == 1


def test_a_file_of_no_call_we_know_is_kept_as_other_after_a_day(settings: Settings, database: Database, raw: Path) -> None:
    written(raw, ORPHAN_SECONDS - 60)
    Tapes(settings, database).look()
    assert raw.exists(), "its record may come"
    written(raw, ORPHAN_SECONDS + 60)
    Tapes(settings, database).look()
    assert not raw.exists()
    (row,) = kept(database)
    assert (row.kind, row.truncated, row.seconds) == ("other", True, 1.0)
    assert (settings.home / row.path).is_file()
    assert row.keep_until - row.stored_at < timedelta(days=settings.file.recording.keep_days), "counted from the call"
