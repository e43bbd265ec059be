"""A full disk costs the recording, never the call: with the worker gone, too."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from hotline import running
from hotline.asterisk import RuntimeMissing
from hotline.recording_room import LOOK_SECONDS, RecordingRoom
from hotline.settings import Settings
from queues.recordings import stop_file

Usage = namedtuple("Usage", "total used free")


def left(monkeypatch: pytest.MonkeyPatch, megabytes: int) -> None:
    """So much is free on every disk from now on."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, megabytes << 20))


def test_the_supervisor_looks_once_a_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    room = RecordingRoom(settings, lambda: now[0])
    left(monkeypatch, 0)
    room.look()
    assert stop_file(settings.home).exists()
    left(monkeypatch, 100_000)
    room.look()
    assert stop_file(settings.home).exists(), "not yet"
    now[0] += LOOK_SECONDS
    room.look()
    assert not stop_file(settings.home).exists()


def test_a_disk_that_cannot_be_asked_is_asked_again(settings: Settings) -> None:
    (settings.home / "recordings").write_text("a file where the folder should be")
    RecordingRoom(settings).look()
    assert not stop_file(settings.home).exists()


def test_it_is_one_of_the_supervisors_chores(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, 0)
    try:
        running._chores(settings)()
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    assert stop_file(settings.home).exists()
