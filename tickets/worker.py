"""The worker process: sees what callers leave the moment they hang up, makes it a ticket, runs the jobs that follow.

One per machine and slot. Everything it does is found again by the next one if it is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

import structlog
from watchfiles import watch

from tickets import recovery, sealing, surges
from tickets.adopt import Adoption
from tickets.announcing import Announcer
from tickets.case_system import CaseSystem
from tickets.database import Database
from tickets.deadlines import Rules
from tickets.jobs import DurableJobs, open_store
from tickets.life import now
from tickets.notices import Way
from tickets.replaying import Replaying
from tickets.runner import Runner
from tickets.spool import Item, Spool
from tickets.store import Store
from tickets.transcriber import Transcriber
from tickets.watch import Tell, nobody

WATCH_MS = 500  # longest wait for the stop signal
SCAN_SECONDS = 3.0  # items a crash left, or an event that never came
CLAIM_AT_ONCE = 5_000  # tickets told whose they are at one upkeep: seconds, and the lease is renewed between
UPKEEP_SECONDS = 20.0  # below a third of the lease
PRUNE_SECONDS = 24 * 3600.0
ANNOUNCE_SECONDS = 1.0
NOTICES_SECONDS = 1.0
LAID_DOWN_SECONDS = 1.0
SLOTS = 64
DISK_FULL = "disk full: callers reach a person instead of voicemail"
SAY_AGAIN_SECONDS = 600.0  # of what has been wrong for a while
log = structlog.get_logger("tickets.worker")


def _nothing(_: Store) -> None:
    """Where nobody lays anything down."""


@dataclass
class Worker:
    """Runs until `stop` is set."""

    home: Path
    spool: Spool
    store: Store
    jobs: DurableJobs
    runner: Runner
    stop: threading.Event = field(default_factory=threading.Event)
    laid_down: Callable[[Store], object] = _nothing
    _said: dict[str, float] = field(default_factory=dict)  # when it was last logged

    def run(self) -> None:
        """Returns soon after `stop` was set; what was being done is taken up by the next worker."""
        self.spool.prepare()
        recovery.renew_lease(self.store, self.runner.executor)
        with self.runner.running():
            upkeep = threading.Thread(target=self._every, args=(UPKEEP_SECONDS, self._upkeep), name="upkeep")
            scan = threading.Thread(target=self._every, args=(SCAN_SECONDS, self._scan), name="scan")
            prune = threading.Thread(target=self._every, args=(PRUNE_SECONDS, self._prune), name="prune")
            announce = threading.Thread(target=self._every, args=(ANNOUNCE_SECONDS, self._announce), name="announce")
            seal = threading.Thread(target=self._every, args=(PRUNE_SECONDS, self._seal), name="seal")
            notices = threading.Thread(target=self._every, args=(NOTICES_SECONDS, self._notices), name="notices")
            laid = threading.Thread(target=self._every, args=(LAID_DOWN_SECONDS, self._laid_down), name="laid-down")
            threads = (upkeep, scan, prune, announce, seal, notices, laid)
            for thread in threads:
                thread.start()
            self._watch()
            for thread in threads:
                thread.join(30)

    def adopt_all(self) -> int:
        """Makes tickets of all that waits; one that cannot be made now stays in the spool for the next scan."""
        adoption, made = Adoption(self.home, self.spool, self.store), 0
        for item in self.spool.waiting():
            if self.stop.is_set():
                break
            made += self._adopt(adoption, item)
        return made

    def _adopt(self, adoption: Adoption, item: Item) -> bool:
        try:
            with self.spool.held(item) as ours:  # or another worker's of this machine, or our own other thread's
                if not ours:
                    return False
                ticket = adoption.adopt(item)
        except Exception:  # outermost: one poisoned item must not keep the others from their tickets
            if self._due(item.item):
                log.exception("no ticket yet, the item stays in the spool", linkedid=item.linkedid, item=item.item)
            return False
        self._said.pop(item.item, None)
        seconds = max(0.0, time.time() - ticket.ended_at.timestamp()) if ticket.ended_at else 0.0
        log.info("ticket", linkedid=item.linkedid, ticket=ticket.number, channel=ticket.channel, after_seconds=round(seconds, 3))
        return True

    def _watch(self) -> None:
        try:
            # Short steps: a citizen's number is wanted within a second of hanging up.
            for _ in watch(self.spool.new, stop_event=self.stop, debounce=50, step=50, rust_timeout=WATCH_MS, recursive=False):
                self.adopt_all()
        except (OSError, RuntimeError) as error:  # no inotify left on this machine
            log.error("cannot watch the spool, looking twice a second instead", error=str(error))
            while not self.stop.wait(WATCH_MS / 1000):
                self.adopt_all()

    def _scan(self) -> None:
        for item in self.spool.recover(failed=self._not_recovered):
            log.warning("recovered from the spool", linkedid=item.linkedid, item=item.item, truncated=item.truncated)
        self.adopt_all()
        self._look_at_the_disk()

    def _look_at_the_disk(self) -> None:
        if self.spool.has_room():
            if self._said.pop(DISK_FULL, None) is not None:
                log.info("room on disk again: callers can leave messages", free_mb=self.spool.free_mb())
        elif self._due(DISK_FULL):
            log.error(DISK_FULL, free_mb=self.spool.free_mb())

    def _not_recovered(self, name: str, error: Exception) -> None:
        if self._due(name):
            log.error("not recovered, stays in the spool", item=name, error=str(error))

    def _due(self, what: str) -> bool:
        """Whether to log what is seen at every scan: the first time, then rarely."""
        due = monotonic() - self._said.get(what, -SAY_AGAIN_SECONDS) >= SAY_AGAIN_SECONDS
        if due:
            self._said[what] = monotonic()
        return due

    def _upkeep(self) -> None:
        recovery.renew_lease(self.store, self.runner.executor)
        self.runner.vault.persons.claim(CLAIM_AT_ONCE)
        taken = recovery.take_over_lost_jobs(self.store, self.jobs, self.runner.executor)
        found = recovery.requeue_lost_rows(self.store, self.jobs, deliveries=self.runner.case_system is not None)
        if taken or found:
            log.warning("jobs found again", of_lost_workers=taken, of_rows=found)

    def _seal(self) -> None:
        sealing.seal_old(self.runner.vault, self.store.database, self.stop)

    def _prune(self) -> None:
        self.jobs.prune(recovery.KEEP_ENDED_JOBS)
        if (to := self.runner.case_system) is not None:
            Replaying(self.store.outbox).forget(now() - timedelta(days=to.keep_days))

    def _notices(self) -> None:
        while self.runner.teller.gather() and not self.stop.is_set():
            pass

    def _laid_down(self) -> None:
        self.laid_down(self.store)

    def _announce(self) -> None:
        if (to := self.runner.case_system) is not None:
            Announcer(self.store.database, self.store.outbox, to.events, to.show_callers).tell()

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except Exception:  # outermost: a database that is away for a night must not end the worker's other work
                log.exception("will be tried again", work=work.__name__)
            if self.stop.wait(seconds):
                return


def work(
    home: Path,
    database_url: str,
    transcriber: Transcriber,
    stop: threading.Event,
    *,
    case_system: CaseSystem | None = None,
    minimum_free_mb: int = 0,
    transcriptions_at_once: int = 1,
    rules: Callable[[], Rules] = Rules,
    tell: Tell = nobody,
    ways: Mapping[str, Way] | None = None,
    forget: Callable[[Store], object] | None = None,
    surge: surges.Tell = surges.nobody,
    daily: Callable[[Database, str], None] | None = None,
    laid_down: Callable[[Store], object] = _nothing,
) -> None:
    """A whole worker process: opens everything, works until `stop` is set, closes everything.

    `rules`: what the city's files say about tickets; `tell` hears of deadlines that are near or missed;
    `ways`: how citizens can be told of their tickets; `forget` deletes every night what has been kept for long enough;
    `surge` hears of many callers with one matter; `daily` is done every morning; `laid_down` takes in what Asterisk
    wrote down of messages that are no calls.
    """
    with slot(home) as executor:
        store = open_store(database_url)
        runner = Runner(store, home, transcriber, executor, case_system, transcriptions_at_once, rules, tell, ways or {}, forget, surge, daily)
        try:
            Worker(home, Spool(home / "spool", minimum_free_mb), store, DurableJobs(store.database), runner, stop, laid_down).run()
        finally:
            store.close()


@contextlib.contextmanager
def slot(home: Path) -> Iterator[str]:
    """A name no other living process has (host:worker:slot): two with one name would run every job twice.

    A process that was killed frees its slot at once, so its successor takes up its jobs without waiting.
    """
    folder = home / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(SLOTS):
        handle = os.open(folder / f"worker-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        try:
            yield f"{socket.gethostname()}:worker:{number}"
        finally:
            os.close(handle)
        return
    raise RuntimeError(f"{folder}: all {SLOTS} worker slots are taken")
