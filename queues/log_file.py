"""Reads a log that Asterisk writes, from a bookmark on, over rotation; the file is never touched, so it stays the raw record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import structlog

log = structlog.get_logger()

LONGEST_HEAD = 40  # bytes of the first line that tell one file from another: its moment and its call, and nothing of a citizen yet
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
                head = file.readline(LONGEST_HEAD)
        except FileNotFoundError:
            return None
        whole = head.endswith(b"\n") or len(head) == LONGEST_HEAD
        return cls(about.st_dev, about.st_ino, head.decode(errors="replace"), 0) if whole else None

    def is_in(self, other: Bookmark) -> bool:
        return (self.device, self.inode, self.head[:LONGEST_HEAD]) == (other.device, other.inode, other.head[:LONGEST_HEAD])


class LogFile:
    """The log with its rotated files; whoever reads keeps the bookmark."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.missed = 0
        """Times that the file with the bookmark was gone before it was read to its end."""
        self.whole = True
        """Whether the last `read` came to the end of what there is."""

    def read(self, place: Bookmark | None) -> tuple[list[str], Bookmark | None]:
        """Whole lines after this place (None: from the oldest file's beginning), and the place after them."""
        lines: list[str] = []
        self.whole = True
        for start, path in self._places(place):
            found, place, self.whole = self._lines(path, start)
            lines += found
            if not self.whole:
                break
        return lines, place

    def _places(self, bookmark: Bookmark | None) -> Iterator[tuple[Bookmark, Path]]:
        """Where to read on: the rest of the file with the bookmark, then every newer one from its start."""
        files = [(mark, path) for path in self._files() if (mark := Bookmark.at_start(path))]
        if bookmark is None:
            yield from files
            return
        for position, (mark, path) in enumerate(files):
            if bookmark.is_in(mark):
                fits = path.stat().st_size >= bookmark.offset
                self.missed += not fits
                yield (bookmark if fits else mark), path
                yield from files[position + 1 :]
                return
        if files:
            self.missed += 1
            log.warning("log with the bookmark is gone", file=self.path.name, bookmark_offset=bookmark.offset)
            yield files[-1]

    def _files(self) -> list[Path]:
        """Rotated files and the current one, oldest first."""
        rotated = [path for path in self.path.parent.glob(self.path.name + ".*") if path.suffix != ".gz"]
        return [*sorted(rotated, key=lambda path: path.stat().st_mtime_ns), self.path]

    def _lines(self, path: Path, start: Bookmark) -> tuple[list[str], Bookmark, bool]:
        """Whole lines only, for the last one may be in the making; the place after them; whether that is the end."""
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if (about.st_dev, about.st_ino) != (start.device, start.inode):
                return [], start, True  # moved aside a moment ago; the next turn finds it under its new name
            file.seek(start.offset)
            data = file.read(MOST_AT_ONCE)
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode(errors="replace").split("\n")[:-1]
        return lines, replace(start, offset=start.offset + len(whole)), len(data) < MOST_AT_ONCE
