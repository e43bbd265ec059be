"""Call records, made beside the worker's other work: reads on in what Asterisk wrote, and stores each call as it now is.

In the worker, never in telephony: putting calls together is work for the processor, and callers do not wait for it.
"""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import structlog

from hotline.settings import Settings
from queues import record_store
from queues.journal import Journal
from queues.storage import MIGRATIONS
from tickets.database import Database

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
KEEP_SECONDS = 15.0
AGAIN_SECONDS = 5.0
END_SECONDS = 5.0


def journal(home: Path) -> Journal:
    """Of the hotline with this home."""
    logs = home / "asterisk" / "log"
    return Journal(logs / "cel-custom" / "cel.csv", logs / "queue_log", home / "run" / "journal.json")


class Recorder:
    """A thread of its own; used with `with`. What it could not store it reads again. One a machine: others wait their turn."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder")

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._alone()
            except Exception as error:  # noqa: BLE001 - outermost: records wait in the logs, messages must not
                log.error("call records wait", reason=str(error) or repr(error))
            self._stop.wait(AGAIN_SECONDS)

    def _alone(self) -> None:
        """The kernel gives the turn back when its holder dies."""
        home = self._settings.home
        (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (home / "run" / "recorder.lock").open("a") as turn_taken:
            try:
                fcntl.flock(turn_taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            database = Database(self._settings.database_url)
            try:
                database.migrate(MIGRATIONS)
                self._follow(journal(home), database)
            finally:
                database.close()

    def _follow(self, following: Journal, database: Database) -> None:
        """Until the end, or until something cannot be read or stored: then all since the last `keep` is read again."""
        kept = time.monotonic()
        while not self._stop.is_set():
            turn(following, database, time.time())
            if time.monotonic() - kept >= KEEP_SECONDS:
                following.keep()
                kept = time.monotonic()
            if following.whole:
                self._stop.wait(LOOK_SECONDS)
        turn(following, database, time.time())
        following.keep()


def turn(following: Journal, database: Database, now: float) -> int:
    """One reading; how many records were stored. Raises OSError, SQLAlchemyError: then a new Journal must read again."""
    records = following.read(now)
    if records or following.joined or following.spells:
        record_store.store(database, records, following.joined, following.spells)
    return len(records)
