"""Asterisk's own logs are begun anew when they are large, and the oldest go: it does neither by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from hotline.asterisk import Asterisk, AsteriskFailed

log = structlog.get_logger(__name__)

MAXIMUM_BYTES = 10_000_000
LOOK_SECONDS = 60.0
KEPT = {"messages.log": 5, "queue_log": 20}  # rotated ones; queue_log is read over rotation, and figures are made of it
MOVED = {"cel-custom/cel.csv": 50}  # Asterisk opens it anew for each line, so it is moved aside without asking; call records are made of it
OUTPUT = "console.log"  # of the process itself, opened for appending; the same lines are in messages.log


class Rotation:
    """The logs of one Asterisk. `now` is the clock, so that tests need not wait."""

    def __init__(self, asterisk: Asterisk, now: Callable[[], float] = time.monotonic) -> None:
        self._asterisk = asterisk
        self._now = now
        self._next = now()

    def look(self) -> None:
        """To be called often; looks at the files once a minute. A disk or an Asterisk that refuses is asked again then."""
        if self._now() < self._next:
            return
        self._next = self._now() + LOOK_SECONDS
        try:
            self._rotate(self._asterisk.instance.home / "log")
        except (OSError, AsteriskFailed) as error:
            log.warning("logs not rotated", reason=str(error))

    def _rotate(self, folder: Path) -> None:
        if _is_large(folder / OUTPUT):
            os.truncate(folder / OUTPUT, 0)
        if any(_is_large(folder / name) for name in KEPT) and self._asterisk.process() is not None:
            self._asterisk.cli("logger rotate")
        for name in MOVED:
            if _is_large(folder / name):
                _move_aside(folder / name)
        for name, kept in {**KEPT, **MOVED}.items():
            for old in rotated(folder, name)[kept:]:
                old.unlink(missing_ok=True)


def _move_aside(path: Path) -> None:
    """As Asterisk does with its own: .0 is the newest, the others move on by one."""
    for old in reversed(rotated(path.parent, path.name)):
        old.rename(path.with_name(f"{path.name}.{int(old.suffix[1:]) + 1}"))
    path.rename(path.with_name(f"{path.name}.0"))


def rotated(folder: Path, name: str) -> list[Path]:
    """The newest first: with rotatestrategy=rotate Asterisk calls it .0 and moves the others on by one."""
    numbered = [path for path in (folder / name).parent.glob(f"{Path(name).name}.*") if path.suffix[1:].isascii() and path.suffix[1:].isdigit()]
    return sorted(numbered, key=lambda path: int(path.suffix[1:]))


def _is_large(path: Path) -> bool:
    try:
        return path.stat().st_size > MAXIMUM_BYTES
    except FileNotFoundError:
        return False
