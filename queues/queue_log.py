"""Reads Asterisk's queue_log from a bookmark on: the durable record of what happened while nobody listened.

The file is never touched, so it stays the raw record. The bookmark moves only after what was read has been dealt with,
so each happening comes at least once, over restarts of ours, of Asterisk, and rotation of the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import structlog

from queues.files import write_whole
from queues.happenings import Happening
from queues.records import Ledger, Record

log = structlog.get_logger()

MOST_AT_ONCE = 1_000_000  # bytes of one file in one turn; the rest comes with the next


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in one file; the file is known by inode and first line, for names move and inodes are used again."""

    device: int
    inode: int
    head: str
    offset: int

    @classmethod
    def at_start(cls, path: Path) -> Self | None:
        """None where there is no such file, or no whole line in it yet."""
        try:
            with path.open("rb") as file:
                about = os.fstat(file.fileno())
                head = file.readline(500)
        except FileNotFoundError:
            return None
        return cls(about.st_dev, about.st_ino, head.decode(errors="replace"), 0) if head.endswith(b"\n") else None

    def is_in(self, other: Bookmark) -> bool:
        return (self.device, self.inode, self.head) == (other.device, other.inode, other.head)


class QueueLog:
    """The log and our place in it."""

    def __init__(self, path: Path, bookmark: Path) -> None:
        self.path = path
        self.missed = 0
        """Times that the file with our bookmark was gone before it was read to its end."""
        self.broken_lines = 0
        self._bookmark_path = bookmark
        self._bookmark, self._ledger = self._load()
        self._next: tuple[Bookmark | None, Ledger] = (self._bookmark, self._ledger)

    def read(self) -> list[Happening]:
        """What has happened since the bookmark; the same again until `keep` is called."""
        ledger = self._ledger.copy()
        place = self._bookmark
        happenings: list[Happening] = []
        for start, path in self._places():
            lines, place, finished = self._lines(path, start)
            happenings += ledger.follow(filter(None, map(self._record, lines)))
            if not finished:
                break
        self._next = (place, ledger)
        return happenings

    def keep(self) -> None:
        """What `read` gave has been dealt with: moves the bookmark past it."""
        if self._next == (self._bookmark, self._ledger):
            return
        self._bookmark, self._ledger = self._next
        data = {
            "schema": 1,
            "place": asdict(self._bookmark) if self._bookmark else None,
            "ledger": self._ledger.as_json(),
        }
        write_whole(self._bookmark_path, json.dumps(data, ensure_ascii=False))

    def _load(self) -> tuple[Bookmark | None, Ledger]:
        try:
            data = json.loads(self._bookmark_path.read_text(encoding="utf-8"))
            return (Bookmark(**data["place"]) if data["place"] else None), Ledger.from_json(data["ledger"])
        except FileNotFoundError:
            return None, Ledger()
        except (ValueError, KeyError, TypeError) as error:
            log.warning("queue_log bookmark unreadable; reading from the beginning", error=repr(error))
            return None, Ledger()

    def _places(self) -> Iterator[tuple[Bookmark, Path]]:
        """Where to read on: the rest of the file with the bookmark, then every newer one from its start."""
        files = [(mark, path) for path in self._files() if (mark := Bookmark.at_start(path))]
        if self._bookmark is None:
            yield from files
            return
        for position, (mark, path) in enumerate(files):
            if self._bookmark.is_in(mark):
                fits = path.stat().st_size >= self._bookmark.offset
                self.missed += not fits
                yield (self._bookmark if fits else mark), path
                yield from files[position + 1 :]
                return
        if files:
            self.missed += 1
            log.warning("queue_log with the bookmark is gone", bookmark_offset=self._bookmark.offset)
            yield files[-1]

    def _files(self) -> list[Path]:
        """Rotated files and the current one, oldest first."""
        rotated = [path for path in self.path.parent.glob(self.path.name + ".*") if path.suffix != ".gz"]
        return [*sorted(rotated, key=lambda path: path.stat().st_mtime_ns), self.path]

    def _lines(self, path: Path, start: Bookmark) -> tuple[list[str], Bookmark, bool]:
        """Whole lines only, for the last one may be in the making; the place after them; whether that is the end."""
        with path.open("rb") as file:
            file.seek(start.offset)
            data = file.read(MOST_AT_ONCE)
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode(errors="replace").split("\n")[:-1]
        return lines, replace(start, offset=start.offset + len(whole)), len(data) < MOST_AT_ONCE

    def _record(self, line: str) -> Record | None:
        record = Record.parse(line)
        self.broken_lines += record is None
        return record

