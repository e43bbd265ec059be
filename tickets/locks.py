"""Locks on open files: the kernel gives one back when its holder dies, so nobody waits for the dead. Standard library only, as the spool."""

from __future__ import annotations

import fcntl
import time

LONGEST_SECONDS = 5.0
LOOK_SECONDS = 0.01


def taken(handle: int) -> bool:
    """Whether the lock became ours within LONGEST_SECONDS."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not tried(handle):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def tried(handle: int) -> bool:
    """Whether it is ours now, without waiting."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
