"""Call records, made beside the worker's other work: reads on in what Asterisk wrote, and stores each call as it now is.

In the worker, never in telephony: putting calls together is work for the processor, and callers do not wait for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hotline.register import open_register
from hotline.serve.beside import END_SECONDS, Beside
from hotline.serve.calls_told import CallsTold
from hotline.settings import Settings
from queues import record_store, recording_rows, recordings
from queues.call_record import CallKind, CallRecord
from queues.events import Events
from queues.journal import Journal
from queues.record_store import Wanted
from queues.recordings import Keeping
from queues.storage import MIGRATIONS
from tickets.database import Database
from tickets.process import is_open
from tickets.sealing import walk
from tickets.vault import Vault

Tell = Callable[[list[CallRecord]], object]
log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
KEEP_SECONDS = 15.0
DELETE_SECONDS = 3600.0
AGAIN_SECONDS = 5.0
SETTLED_SECONDS = 2.0  # since the last sample; a call is over before MixMonitor has closed its file
ORPHAN_SECONDS = 86_400.0  # then no record will come any more (queues/journal.py)


def journal(home: Path) -> Journal:
    """Of the hotline with this home."""
    logs = home / "asterisk" / "log"
    return Journal(logs / "cel-custom" / "cel.csv", logs / "queue_log", home / "run" / "journal.json")


class Recorder(Beside):
    """What it could not store it reads again. One a machine: others wait their turn."""

    def __init__(self, settings: Settings, told: frozenset[str] = frozenset()) -> None:
        """`told`: the events of calls that the case system hears."""
        super().__init__("recorder")
        self._settings = settings
        self._wanted = told

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
                tapes = Tapes(self._settings, database, self._stop)
                sealing = threading.Thread(target=tapes.seal_old, name="seal calls", daemon=True)
                sealing.start()
                with self._told() as tell:
                    self._follow(journal(home), database, tapes, tell)
                sealing.join(END_SECONDS)
            finally:
                database.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[Tell]:
        """Who tells the case system of calls, if it hears of them."""
        if not self._wanted:
            yield lambda records: None
            return
        store = open_register(self._settings.database_url)
        try:
            yield CallsTold(store, self._wanted, self._settings.file.case_system.show_callers).tell
        finally:
            store.close()

    def _follow(self, following: Journal, database: Database, tapes: Tapes, tell: Tell) -> None:
        """Until the end, or until something cannot be read or stored: then all since the last `keep` is read again."""
        kept = 0.0
        while not self._stop.is_set():
            records = turn(following, database, time.time())
            tapes.store(records)
            tell(records)
            if time.monotonic() - kept >= KEEP_SECONDS:
                tapes.look()
                following.keep()
                kept = time.monotonic()
            if following.whole:
                self._stop.wait(LOOK_SECONDS)
        tell(turn(following, database, time.time()))
        following.keep()


def turn(following: Journal, database: Database, now: float) -> list[CallRecord]:
    """One reading; the records that were stored. Raises OSError, SQLAlchemyError: then a new Journal must read again."""
    records = following.read(now)
    if records or following.joined or following.spells:
        record_store.store(database, records, following.joined, following.spells)
    return records


class Tapes:
    """Recordings of calls that are over become files that are kept; the old ones go. What cannot be done now is done later."""

    def __init__(self, settings: Settings, database: Database, stop: threading.Event | None = None) -> None:
        self._home, self._database = settings.home, database
        self._vault, self._stop = Vault(settings.home, database), stop or threading.Event()
        self._minimum_free_mb = settings.file.spool.minimum_free_mb
        wishes = settings.file.recording
        self._keeping = Keeping(wishes.keep_days, wishes.keep_days_of)
        self._events = Events(settings.home)
        self._unsettled: dict[str, CallRecord] = {}
        self._had_room = True
        self._deleted = 0.0

    def store(self, records: Iterable[CallRecord]) -> None:
        """What Asterisk has recorded of these, if they are over, and of those before whose files it had not closed."""
        due = self._unsettled | {record.linkedid: record for record in records if record.ended_at}
        self._unsettled = {}
        for record in due.values():
            for raw in recordings.raw_of(self._home, record):
                if not _settled(raw):
                    self._unsettled[record.linkedid] = record
                    continue
                try:
                    stored = recordings.store(self._home, raw, record, self._keeping, datetime.now(UTC), self._vault.writing)
                except OSError as error:
                    log.error("a recording waits", linkedid=record.linkedid, reason=error.strerror)
                    continue
                recording_rows.keep(self._database, stored)
                raw.unlink(missing_ok=True)
                log.info("recording stored", linkedid=record.linkedid, seconds=stored.seconds, truncated=stored.truncated)

    def look(self) -> None:
        """Now and then: is there room, did a crash leave anything, is anything due."""
        self._tell_room()
        self._left_behind()
        if time.monotonic() - self._deleted >= DELETE_SECONDS or not self._deleted:
            if deleted := recording_rows.delete_due(self._database, self._home, datetime.now(UTC), self._vault.delete, self._vault.sha256):
                log.info("recordings deleted, their time is over", recordings=deleted)
            self._deleted = time.monotonic()

    def _tell_room(self) -> None:
        try:
            there = recordings.room(self._home, self._minimum_free_mb)
        except OSError as error:
            log.error("no room for recordings can be told", reason=error.strerror)
            return
        if there != self._had_room:
            self._events.say("alarm", {"alarm": "recording", "state": "over" if there else "on", "why": "disk full: calls go on unrecorded"})
            (log.info if there else log.error)("recordings begin again" if there else "disk full: calls go on unrecorded")
        self._had_room = there

    def _left_behind(self) -> None:
        """Raw files whose call was over before we could store them; without a record they are of class `other`."""
        for raw in recordings.raw_folder(self._home).glob("*.raw"):
            if not raw.exists() or time.time() - (changed := raw.stat().st_mtime) <= KEEP_SECONDS:
                continue
            found = record_store.calls(self._database, Wanted(linkedid=raw.stem), 1)
            if not found and time.time() - changed > ORPHAN_SECONDS:
                log.warning("a recording of no call that is known", linkedid=raw.stem)
                found = [CallRecord(raw.stem, CallKind.INBOUND, "", "", changed, ended_at=changed, ended_by="asterisk")]
            self.store(found)

    def seal_old(self) -> None:
        """What was stored before recordings were sealed. Takes its time: for a thread of its own."""

        def whose(path: Path) -> str:
            found = record_store.calls(self._database, Wanted(linkedid=path.stem), 1)
            return found[0].caller if found else ""

        try:
            walk(self._vault, "calls", lambda: recordings.stored(self._home), whose, self._stop)
        except OSError as error:
            log.error("a file is not sealed", reason=str(error))


def _settled(raw: Path) -> bool:
    """Whether nobody writes it any more. Where Asterisk's open files cannot be looked at, the time since the last sample says so."""
    return not 0 <= time.time() - raw.stat().st_mtime < SETTLED_SECONDS and not is_open(raw, {})
