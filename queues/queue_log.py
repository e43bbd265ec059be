"""Happenings from Asterisk's queue_log: the durable record of what happened while nobody listened.

The bookmark moves only after what was read has been dealt with, so each happening comes at least once, over restarts of
ours, of Asterisk, and rotation of the file.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

import structlog

from queues.files import write_whole
from queues.happenings import Happening
from queues.log_file import Bookmark, LogFile
from queues.records import Ledger, Record

log = structlog.get_logger()


class QueueLog:
    """The log and our place in it."""

    def __init__(self, path: Path, bookmark: Path) -> None:
        self.broken_lines = 0
        self._file = LogFile(path)
        self._bookmark_path = bookmark
        self._bookmark, self._ledger = self._load()
        self._next: tuple[Bookmark | None, Ledger] = (self._bookmark, self._ledger)

    @property
    def missed(self) -> int:
        """Times that the file with our bookmark was gone before it was read to its end."""
        return self._file.missed

    def read(self) -> list[Happening]:
        """What has happened since the bookmark; the same again until `keep` is called."""
        ledger = self._ledger.copy()
        lines, place = self._file.read(self._bookmark)
        happenings = ledger.follow(filter(None, map(self._record, lines)))
        self._next = (place, ledger)
        return happenings

    def keep(self) -> None:
        """What `read` gave has been dealt with: moves the bookmark past it."""
        if self._next == (self._bookmark, self._ledger):
            return
        self._bookmark, self._ledger = self._next
        self._write()

    def _write(self) -> None:
        data = {
            "schema": 1,
            "place": asdict(self._bookmark) if self._bookmark else None,
            "ledger": self._ledger.as_json(),
        }
        write_whole(self._bookmark_path, json.dumps(data, ensure_ascii=False))

    def forget(self, numbers: Collection[str]) -> None:
        """Whoever has one of these numbers is remembered no longer. Raises OSError."""
        self._ledger.forget(numbers)
        self._next[1].forget(numbers)
        self._write()

    def _load(self) -> tuple[Bookmark | None, Ledger]:
        try:
            data = json.loads(self._bookmark_path.read_text(encoding="utf-8"))
            return (Bookmark(**data["place"]) if data["place"] else None), Ledger.from_json(data["ledger"])
        except FileNotFoundError:
            return None, Ledger()
        except (ValueError, KeyError, TypeError) as error:
            log.warning("queue_log bookmark unreadable; reading from the beginning", error=repr(error))
            return None, Ledger()

    def _record(self, line: str) -> Record | None:
        record = Record.parse(line)
        self.broken_lines += record is None
        return record
