"""Seals what was stored before recordings and documents were sealed: in the background, once, a file at a time.

Killed at any moment nothing is lost: each file is whole in its place, plain or sealed (Vault.seal). When a walk finds nothing plain
any more it says so in HOME/run, which no backup holds: after an older backup is restored it is walked again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
from sqlalchemy import select

from tickets.database import Database
from tickets.master import VaultClosed
from tickets.models import Ticket
from tickets.vault import Vault, is_sealed

FOLDERS = ("recordings", "documents")
NOT_OURS = ("recordings/calls",)  # conversations with agents: queues/recordings.py
PAUSE_SECONDS = 0.01  # between two files: callers need the disk too
log = structlog.get_logger("tickets.sealing")


def seal_old(vault: Vault, database: Database, stop: threading.Event) -> int:
    """Returns how many files were plain. Raises VaultClosed."""

    def whose(path: Path) -> str:
        with database.reads() as session:
            return session.scalar(select(Ticket.caller).where(Ticket.item == path.stem)) or ""

    return walk(vault, "tickets", lambda: files(vault.home), whose, stop)


def walk(vault: Vault, what: str, found: Callable[[], Iterator[Path]], whose: Callable[[Path], str], stop: threading.Event) -> int:
    """Seals each of these files; `whose` says the number of the citizen in it."""
    done = vault.home / "run" / f"sealed-{what}"
    if done.exists():
        return 0
    count = failed = 0
    for path in found():
        try:
            if not is_sealed(path) and path.stat().st_size:
                count += vault.seal(path, whose(path))
                stop.wait(PAUSE_SECONDS)
        except FileNotFoundError:  # deleted meanwhile
            continue
        except VaultClosed:
            raise
        except OSError as error:
            failed += 1
            log.error("a file is not sealed", file=str(path.relative_to(vault.home)), reason=str(error))
        if stop.is_set():
            return count
    if not count and not failed:
        done.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        done.touch(mode=0o600)
    elif count:
        log.info("sealed what lay plain", files=count, what=what)
    return count


def files(home: Path) -> Iterator[Path]:
    """Those of tickets."""
    calls = [home / name for name in NOT_OURS]
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.name.endswith(".part") and not any(path.is_relative_to(other) for other in calls):
                yield path


def plain(home: Path) -> int:
    """How many files lie plain; for whoever looks after the machine."""
    return sum(1 for path in files(home) if path.stat().st_size and not is_sealed(path))
