"""Numbers with their PINs, made beforehand, so that a caller is told both before the beep, whatever is down (ADR 0105).

    numbers/20261122-000012              waits; its text is the PIN
    numbers/taken/20261122-000012.ITEM   somebody is being told it: that item's ticket will have it

Standard library only: the script that Asterisk starts before each recording takes from here. `rename` is the only way out,
and it succeeds once, so no number is told twice. A PIN is in the clear here, for its owner only, until it is told or its day
is over; nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tickets.files import flush

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
NUMBER = re.compile(r"([0-9]{8})-[0-9]{6,7}")
PIN = re.compile(r"[0-9]{4,12}")
CALL = re.compile(r"[^A-Za-z0-9.]")


@dataclass(frozen=True)
class Told:
    """What a caller is told."""

    number: str
    pin: str


@dataclass(frozen=True)
class NumberPool:
    """The folder below the spool."""

    root: Path

    @classmethod
    def of(cls, spool: Path) -> NumberPool:
        return cls(spool / "numbers")

    @property
    def taken(self) -> Path:
        return self.root / "taken"

    def put(self, number: str, pin: str) -> None:
        """A number that nobody else will get: its row is committed already."""
        self.taken.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.root / f".{number}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(pin)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self.root / number)
        flush(self.root)

    def take(self, item: str, now: float | None = None) -> Told | None:
        """A number for this item of the spool, of today if there is one, else of the newest day before; None: the pool is empty."""
        today = day_of(time.time() if now is None else now)
        for number in sorted(self.waiting(), key=lambda one: (one[:8], -int(one[9:])), reverse=True):
            if number[:8] > today:
                continue
            with contextlib.suppress(OSError):  # somebody else has it now
                return self._taken(number, item)
        return None

    def _taken(self, number: str, item: str) -> Told | None:
        place = self.taken / f"{number}.{CALL.sub('', item)[:40]}"
        (self.root / number).rename(place)
        flush(self.root)
        pin = place.read_text(encoding="ascii").strip()
        place.write_text("")
        return Told(number, pin) if PIN.fullmatch(pin) else None

    def waiting(self, day: str = "") -> list[str]:
        """Numbers that nobody was told, of one day or of all."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(path.name for path in self.root.iterdir() if NUMBER.fullmatch(path.name) and path.name.startswith(day))
        return []

    def withdraw(self, number: str) -> bool:
        """Takes it back, if nobody was told it meanwhile."""
        try:
            (self.root / number).rename(self.taken / f"{number}.withdrawn")
        except OSError:
            return False
        (self.taken / f"{number}.withdrawn").unlink(missing_ok=True)
        return True

    def marks(self) -> Iterator[tuple[str, float, Path]]:
        """What was taken: number, since when, and the mark that says so."""
        if not self.taken.is_dir():
            return
        for path in self.taken.iterdir():
            if NUMBER.fullmatch(number := path.name.partition(".")[0]):
                with contextlib.suppress(FileNotFoundError):
                    yield number, path.stat().st_mtime, path


def day_of(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, SHANGHAI):%Y%m%d}"
