"""The floor's log of events: ids that only grow, half lines that harm nobody, a bounded size."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queues import events
from queues.events import EventLog, Events


def numbers(home: Path, place: int = 0) -> list[int]:
    return [line.data["n"] for line in EventLog(home).read(place)[0]]


def test_said_is_read_in_order_and_from_any_id_on(tmp_path: Path) -> None:
    said = Events(tmp_path)
    for n in range(5):
        said.say("agent", {"n": n})
    lines, end, gap = EventLog(tmp_path).read(0)
    assert [line.data["n"] for line in lines] == [0, 1, 2, 3, 4]
    assert not gap
    assert end == EventLog(tmp_path).end() == lines[-1].after
    assert numbers(tmp_path, lines[2].after) == [3, 4]


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SEGMENT_BYTES", 2_000)
    monkeypatch.setattr(events, "KEPT_SEGMENTS", 1_000)
    writers = [Events(tmp_path) for _ in range(4)]

    def write(which: int) -> None:
        for n in range(100):
            writers[which].say("call", {"n": which * 1000 + n})

    threads = [threading.Thread(target=write, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = numbers(tmp_path)
    assert sorted(found) == sorted(which * 1000 + n for which in range(4) for n in range(100))
    ids = [line.after for line in EventLog(tmp_path).read(0)[0]]
    assert ids == sorted(set(ids)), "ids grow, also over segments"


def test_the_oldest_go_and_the_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SEGMENT_BYTES", 500)
    said = Events(tmp_path)
    said.say("call", {"n": 0})
    first = EventLog(tmp_path).read(0)[0][0].after
    for n in range(1, 200):
        said.say("call", {"n": n})
    assert len(events.segments(events.where(tmp_path))) <= events.KEPT_SEGMENTS + 1
    lines, _, gap = EventLog(tmp_path).read(first)
    assert gap
    assert lines[-1].data["n"] == 199


def test_half_a_line_of_a_crash_spoils_nothing(tmp_path: Path) -> None:
    said = Events(tmp_path)
    said.say("call", {"n": 1})
    said.close()
    _, path = events.segments(events.where(tmp_path))[-1]
    path.write_bytes(path.read_bytes() + b'{"kind":"call","da')
    Events(tmp_path).say("call", {"n": 2})
    assert numbers(tmp_path) == [1, 2]


def test_a_log_that_was_deleted_begins_anew_with_greater_ids(tmp_path: Path) -> None:
    said = Events(tmp_path)
    said.say("call", {"n": 1})
    before = EventLog(tmp_path).end()
    _, path = events.segments(events.where(tmp_path))[-1]
    path.unlink()
    said.say("call", {"n": 2})
    lines, _, gap = EventLog(tmp_path).read(before)
    assert ([line.data["n"] for line in lines], gap) == ([2], True)
    assert lines[0].after > before


def test_what_cannot_be_written_is_counted_and_harms_nobody(tmp_path: Path) -> None:
    said = Events(tmp_path)
    (tmp_path / "run").write_text("in the way")
    said.say("call", {"n": 1})
    said.say("call", {"text": "x" * events.LONGEST_LINE})
    assert said.dropped == 2
    with pytest.raises(ValueError, match="rumour"):
        said.say("rumour", {})


async def test_in_a_loop_much_that_is_said_at_once_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Events(tmp_path)
    writes, written, loop = [], asyncio.Event(), asyncio.get_running_loop()
    real = said._append

    def append(data: bytes) -> None:
        writes.append(data)
        real(data)
        loop.call_soon_threadsafe(written.set)

    monkeypatch.setattr(said, "_append", append)
    for n in range(events.MOST_WAITING + 5):
        said.say("call", {"n": n})
    async with asyncio.timeout(30):
        await written.wait()
    assert len(writes) == 1
    assert said.dropped == 5, "bounded"
    assert len(numbers(tmp_path)) == events.MOST_WAITING


HOLD = "import fcntl, signal, sys; signal.alarm(8); file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held_by_another(home: Path) -> Iterator[None]:
    """Another process writes, and was stopped in it."""
    events.where(home).mkdir(parents=True)
    command = [sys.executable, "-c", HOLD, str(events.where(home) / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.communicate(timeout=10)


async def test_a_writer_that_was_stopped_in_it_delays_no_loop_and_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOCK_SECONDS", 0.3, raising=False)
    said, loop = Events(tmp_path), asyncio.get_running_loop()
    with held_by_another(tmp_path):
        longest = 0.0
        said.say("call", {"n": 1})
        for _ in range(40):
            began = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - began)
        said.say("call", {"n": 2})
        assert longest < 0.25, "the loop goes on"
        assert numbers(tmp_path) == []
    async with asyncio.timeout(10):
        while True:
            if numbers(tmp_path) == [1, 2]:
                break
            await asyncio.sleep(0.01)
    assert said.dropped == 0


def test_without_a_loop_the_wait_for_another_writer_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOCK_SECONDS", 0.05, raising=False)
    said = Events(tmp_path)
    with held_by_another(tmp_path):
        began = time.monotonic()
        said.say("call", {"n": 1})
        assert time.monotonic() - began < 5
    said.say("call", {"n": 2})
    assert numbers(tmp_path) == [1, 2]
    assert said.dropped == 0
