"""Writes a file so that whoever reads it finds a whole one or none, whenever the power goes: aside, flushed, renamed.

And a lock between processes, for which nobody waits without a limit.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.02


class Busy(Exception):  # noqa: N818 - read as a sentence
    """Somebody else held the lock for all the time there was."""


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Into a folder that nobody reads yet. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """In the place of what is read there now. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    write(unfinished, data, mode)
    unfinished.replace(path)
    flush(path.parent)


def flush(folder: Path) -> None:
    """What was created, renamed or removed in it is on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, limit_seconds: float) -> Iterator[None]:
    """One process, and one thread of it, at a time; the kernel gives the lock back when its holder dies. Raises Busy, OSError."""
    deadline = time.monotonic() + limit_seconds
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(f"{path}: held for more than {limit_seconds:g} seconds") from None
                time.sleep(POLL_SECONDS)
        yield
