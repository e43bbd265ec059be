"""What happens on the floor, told to whoever listens: one bounded log of JSON lines, written by any process, read by web.

    events = Events(home)
    events.say("agent", {"agent": "wang", "state": "talking", "linkedid": "…"})      # in a loop never waits; never raises for the disk

A line's id is its place in the endless log, of which the last few megabytes are kept: segments in HOME/run/events, each
named after the place where it begins. So ids only grow, over restarts of every process, and whoever comes back with
one reads on from there; who has been away for too long is told that there is a gap.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

KINDS = frozenset(("agent", "queue", "call", "alarm", "message", "caption"))
SEGMENT_BYTES = 4_000_000
KEPT_SEGMENTS = 4
LONGEST_LINE = 16_000  # bytes
MOST_WAITING = 10_000  # lines between two writes
WRITE_SECONDS = 0.005  # what is said within it is written at once, so that a flood costs few writes
LOCK_SECONDS = 1.0  # for another process's turn; then the lines wait for the next write
LOCK_LOOK_SECONDS = 0.002

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One event; `after` is its id: the place behind it."""

    after: int
    kind: str
    at: str
    data: Mapping[str, Any]


def where(home: Path) -> Path:
    return home / "run" / "events"


def segments(folder: Path) -> list[tuple[int, Path]]:
    """Where each begins, the oldest first."""
    found = [(int(path.stem), path) for path in folder.glob("*.jsonl") if path.stem.isascii() and path.stem.isdigit()]
    return sorted(found)


class Events:
    """The writing end; one a process, and any number of processes."""

    def __init__(self, home: Path) -> None:
        self.dropped = 0
        """Lines that were too long, too many, or that the disk would not take."""
        self._folder = where(home)
        self._waiting: list[bytes] = []
        self._planned = False
        self._file: int | None = None
        self._turn = threading.Lock()
        self._hand = threading.Lock()  # on what waits; never held while the disk or another process is waited for
        self._writer = ThreadPoolExecutor(1, "events")  # its thread begins with the first line that is said in a loop

    def say(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tells it. Raises ValueError for a kind that is none, TypeError for what is no JSON; nothing for a full disk."""
        if kind not in KINDS:
            raise ValueError(f"event kind {kind!r} is none of {', '.join(sorted(KINDS))}")
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"kind": kind, "at": at, "data": data}, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
        with self._hand:
            if len(line) > LONGEST_LINE or len(self._waiting) >= MOST_WAITING:
                self.dropped += 1
                return
            self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop here: nobody would come back to it
            self.flush()
            return
        if not self._planned:
            self._plan(loop)

    def flush(self) -> None:
        """Writes what was said. A disk that refuses costs the lines, not the calls; another process that writes for
        longer than a second, only time: they go with the next."""
        with self._turn:
            lines: list[bytes] = []
            try:
                if self._waiting:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    with _alone(self._folder / "lock") as alone:
                        if alone:
                            lines = self._taken()
                            self._append(b"".join(lines))
            except OSError as error:
                if not self.dropped:
                    log.error("events not written", reason=error.strerror)
                lines = lines or self._taken()
                with self._hand:
                    self.dropped += len(lines)

    def close(self) -> None:
        self.flush()
        with self._turn:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """One write at a time, in a thread: neither the disk nor another process delays whoever lives in the loop."""

        def begin() -> None:
            loop.run_in_executor(self._writer, self.flush).add_done_callback(done)

        def done(_: asyncio.Future[None]) -> None:
            self._planned = False
            if self._waiting:
                self._plan(loop)

        self._planned = True
        loop.call_later(WRITE_SECONDS, begin)

    def _taken(self) -> list[bytes]:
        with self._hand:
            lines, self._waiting = self._waiting, []
            return lines

    def _append(self, data: bytes) -> None:
        file, size = self._newest()
        written = os.write(file, data)
        if written < len(data):  # a full disk: half a line would spoil the next one
            os.ftruncate(file, size)
            raise OSError(28, "no room for events")

    def _newest(self) -> tuple[int, int]:
        """The open segment that has room, and its size; held by everybody who writes."""
        if self._file is not None:
            about = os.fstat(self._file)
            if about.st_nlink and about.st_size < SEGMENT_BYTES:
                return self._file, about.st_size
            os.close(self._file)
            self._file = None
        there = segments(self._folder)
        begin, size = (there[-1][0], there[-1][1].stat().st_size) if there else (time.time_ns() // 1000, 0)
        if size >= SEGMENT_BYTES:
            begin, size = begin + size, 0
        for _, old in there[: len(there) - KEPT_SEGMENTS]:
            old.unlink(missing_ok=True)
        self._file = os.open(self._folder / f"{begin:020d}.jsonl", os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        return self._file, self._whole(self._file, size)

    @staticmethod
    def _whole(file: int, size: int) -> int:
        """Ends the line that a crash left half."""
        if size and os.pread(file, 1, size - 1) != b"\n":
            size += os.write(file, b"\n")
        return size


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether nobody else writes until the block ends; False when another does for too long."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while not (alone := _locked(descriptor)) and time.monotonic() < deadline:
            time.sleep(LOCK_LOOK_SECONDS)
        yield alone
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class EventLog:
    """The reading end."""

    def __init__(self, home: Path) -> None:
        self._folder = where(home)
        self._known: tuple[int, Path] | None = None

    def end(self) -> int:
        """The place behind the last event; 0 where nothing was ever said."""
        there = segments(self._folder)
        if not there:
            return 0
        begin, path = there[-1]
        return begin + _size(path)

    def grown(self, place: int) -> bool:
        """Whether anything may stand behind this place; cheap enough to ask a hundred times a second."""
        if self._known is None or not self._known[0] <= place:
            there = segments(self._folder)
            if not there:
                return False
            self._known = next(((begin, path) for begin, path in reversed(there) if begin <= place), there[0])
        begin, path = self._known
        size = _size(path)
        if begin + size > place:
            return True
        if size >= SEGMENT_BYTES or size == 0:
            self._known = None
            return self.end() > place
        return False

    def read(self, place: int, most_bytes: int = 1_000_000) -> tuple[list[Line], int, bool]:
        """Events behind this place, the place reached, and whether some before it are gone for ever."""
        there = segments(self._folder)
        if not there:
            return [], place, False
        last, newest = there[-1]
        gap = 0 < place < there[0][0] or place > last + _size(newest)
        place = there[0][0] if gap else max(place, there[0][0])
        lines: list[Line] = []
        for begin, path in there:
            if begin <= place < begin + _size(path):
                found, reached = _lines(path, begin, place, most_bytes)
                most_bytes -= reached - place
                lines, place = lines + found, reached
                if most_bytes < LONGEST_LINE:
                    break
        return lines, place, gap


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _lines(path: Path, begin: int, place: int, most_bytes: int) -> tuple[list[Line], int]:
    try:
        with path.open("rb") as file:
            file.seek(place - begin)
            data = file.read(most_bytes)
    except FileNotFoundError:
        return [], place
    lines = []
    whole = data[: data.rfind(b"\n") + 1]
    for text in whole.split(b"\n")[:-1]:
        place += len(text) + 1
        try:
            said = json.loads(text)
            lines.append(Line(place, str(said["kind"]), str(said["at"]), dict(said["data"])))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # half a line, of a crash
    return lines, place
