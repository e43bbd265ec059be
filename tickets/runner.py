"""Runs the durable jobs of one worker process: recognises messages, hands tickets over.

DBOS keeps one application per process, so there is one Runner at a time; its workflows are the functions at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import structlog
from dbos import DBOS

from tickets import models, surges, watch
from tickets.case import Cases
from tickets.case_system import CaseSystem
from tickets.connectors import DeliveryError, Refused
from tickets.database import Database
from tickets.deadlines import Rules
from tickets.following import Follower, Follows
from tickets.jobs import (
    APPLICATION,
    DAILY,
    DEADLINES,
    DELIVER,
    FOLLOWING,
    NOTIFY,
    RECONCILE,
    REPORT,
    RETENTION,
    TRANSCRIBE,
    VERSION,
    DurableJobs,
    system_url,
)
from tickets.master import VaultClosed
from tickets.notices import Teller, Way
from tickets.outbox import NoSuchDelivery
from tickets.patience import Patience
from tickets.reconciliation import Reconciling
from tickets.store import NoSuchTicket, Store
from tickets.transcriber import NoSpeech, RecogniserAway, RecogniserDied, RecognitionFailed, Transcriber
from tickets.vault import Erased, Vault

POLL_SECONDS = 0.5  # each look is three transactions, day and night
SCHEDULES_SECONDS = 30.0  # how soon a schedule that is new is seen
DELIVERIES_AT_ONCE = 16  # threads that wait for an answer; a slow case system holds up its own tickets only
NOTICES_AT_ONCE = 2
EVERY_MINUTE = "* * * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_NIGHT = "17 19 * * *"  # UTC: 03:17 in China
EARLY = "17 18 * * *"  # UTC: 02:17 in China, the day is over, and what was tried again at midnight is through
EVERY_MORNING = "30 22 * * *"  # UTC: half past six by the citizens' clock
log = structlog.get_logger("tickets.jobs")


@dataclass
class Runner:
    """Everything a job needs. Without a case system tickets wait in the outbox."""

    store: Store
    home: Path
    transcriber: Transcriber
    executor: str
    case_system: CaseSystem | None = None
    transcriptions_at_once: int = 1
    rules: Callable[[], Rules] = Rules
    tell: watch.Tell = watch.nobody
    ways: Mapping[str, Way] = field(default_factory=dict)
    forget: Callable[[Store], object] | None = None
    """Deletes what has been kept for long enough; every night."""
    surge: surges.Tell = surges.nobody
    daily: Callable[[Database, str], None] | None = None
    """Reports, and articles to be read again; every morning, and when a worker starts. With a name (2026-W47) that one report."""

    @cached_property
    def teller(self) -> Teller:
        """Who tells citizens."""
        return Teller(self.store, DurableJobs(self.store.database), self.ways, self.rules)

    @cached_property
    def follower(self) -> Follower | None:
        """Who asks a case system that does not call back."""
        system = self.case_system.connector if self.case_system else None
        return Follower(Cases(self.store.database, self.rules), system) if isinstance(system, Follows) else None

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.home, self.store.database)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Takes up what this executor left behind, and works until the block ends."""
        global _runner
        _runner = self
        url = self.store.database.url.render_as_string(hide_password=False)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": system_url(url),
                "application_version": VERSION,
                "executor_id": self.executor,
                "log_level": "WARNING",
                "run_migrations": True,
                "db_engine_kwargs": {"hide_parameters": True},
                "scheduler_polling_interval_sec": SCHEDULES_SECONDS,
            }
        )
        DBOS.launch()
        try:
            DBOS.register_queue(TRANSCRIBE, worker_concurrency=self.transcriptions_at_once, polling_interval_sec=POLL_SECONDS)
            DBOS.register_queue(DELIVER, worker_concurrency=DELIVERIES_AT_ONCE, polling_interval_sec=POLL_SECONDS)
            DBOS.register_queue(NOTIFY, worker_concurrency=NOTICES_AT_ONCE, polling_interval_sec=1.0)
            DBOS.register_queue(DEADLINES, worker_concurrency=1, polling_interval_sec=1.0)
            DBOS.register_queue(RECONCILE, worker_concurrency=1, polling_interval_sec=5.0)
            # Not backfilled: one look finds all that the looks of a night without a worker would have found.
            DBOS.apply_schedules([{"schedule_name": DEADLINES, "workflow_fn": look, "schedule": EVERY_MINUTE, "queue_name": DEADLINES}])
            if self.follower is not None:
                DBOS.register_queue(FOLLOWING, worker_concurrency=1, polling_interval_sec=5.0)
                DBOS.apply_schedules([{"schedule_name": FOLLOWING, "workflow_fn": follow, "schedule": EVERY_FIVE_MINUTES, "queue_name": FOLLOWING}])
            if self.forget is not None:
                DBOS.register_queue(RETENTION, worker_concurrency=1, polling_interval_sec=60.0)
                DBOS.apply_schedules([{"schedule_name": RETENTION, "workflow_fn": forget, "schedule": EVERY_NIGHT, "queue_name": RETENTION}])
            DBOS.apply_schedules([{"schedule_name": RECONCILE, "workflow_fn": reconcile, "schedule": EARLY, "queue_name": RECONCILE}])
            DBOS.trigger_schedule(DEADLINES)
            DBOS.trigger_schedule(RECONCILE)
            if self.daily is not None:
                DBOS.register_queue(DAILY, concurrency=1, polling_interval_sec=2.0)  # of all workers: a report is written once
                DBOS.apply_schedules([{"schedule_name": DAILY, "workflow_fn": daily, "schedule": EVERY_MORNING, "queue_name": DAILY}])
                DBOS.trigger_schedule(DAILY)  # a morning without a worker is made up for
            yield
        finally:
            DBOS.destroy(workflow_completion_timeout_sec=0)
            _runner = None

    def transcribe(self, ticket_id: str) -> None:
        """Each attempt is counted before it begins; a recogniser that dies may be tried again at once."""
        while True:
            try:
                ticket = self.store.begin_transcription(ticket_id)
            except NoSuchTicket:
                return log.error("job without its ticket", ticket=ticket_id)
            if ticket is None:
                return None
            try:
                with self.vault.plain(self.home / str(ticket.audio_path)) as plain:
                    heard = self.transcriber(plain)
            except RecogniserDied as error:
                log.warning("recogniser died", linkedid=ticket.linkedid, ticket=ticket.number, error=str(error))
                continue
            except RecogniserAway as error:  # the row waits, and recovery.requeue_lost_rows finds it there
                self.store.postpone_transcription(ticket_id)
                log.info("recognised later", linkedid=ticket.linkedid, ticket=ticket.number, reason=str(error))
            except NoSpeech as silence:
                self.store.record_no_speech(ticket_id, str(silence) or "nobody spoke")
            except VaultClosed as error:  # the key comes back, and the message is recognised then
                self.store.postpone_transcription(ticket_id)
                log.error("not recognised: the vault is closed", linkedid=ticket.linkedid, ticket=ticket.number, error=str(error))
            except (RecognitionFailed, OSError, Erased) as error:
                self.store.record_failure(ticket_id, str(error))
                log.error("not recognised", linkedid=ticket.linkedid, ticket=ticket.number, error=str(error))
            else:
                self.store.record_transcript(ticket_id, heard)
                log.info("transcribed", linkedid=ticket.linkedid, ticket=ticket.number, characters=len(heard.text))
            return None

    def deliver(self, delivery_id: str, attempt: int) -> None:
        """One attempt. The next is a job of its own: a job that sleeps would hold a place in the queue."""
        if self.case_system is None:
            return None
        try:
            due = self.store.outbox.due(delivery_id, attempt)
        except NoSuchDelivery:
            return log.error("job without its delivery", delivery=delivery_id)
        if due is None:
            return None
        delivery, event = due
        try:
            taken = self.case_system.connector.deliver(event)
        except Refused as refusal:
            self.store.outbox.refused(delivery_id, str(refusal), refusal.status)
            log.error("hand-over refused", about=delivery.about, event_name=delivery.event, reason=_kind(refusal))
        except DeliveryError as error:
            self._later(delivery, error, self.case_system.patience)
        else:
            self.store.outbox.delivered(delivery_id, taken)
            log.info("handed over", about=delivery.about, event_name=delivery.event)
        return None

    def look(self) -> None:
        """At the deadlines of all tickets, and for many callers with one matter."""
        cases = Cases(self.store.database, self.rules)
        watch.look(cases, self.tell)
        surges.look(cases, self.surge)

    def reconcile(self) -> None:
        """Days that are over and were not compared yet; one on which they could not be asked is made up by the next."""
        if self.case_system is None:
            return
        reconciling = Reconciling(self.store.outbox)
        for day in reconciling.not_compared():
            try:
                found = reconciling.reconcile(day, self.case_system.connector)
            except DeliveryError as error:
                log.warning("not reconciled, tried again tomorrow", day=day.isoformat(), reason=_kind(error))
                return
            if found is None:
                return
            told = log.warning if found.differences else log.info
            told("reconciled", day=day.isoformat(), compared=found.compared, differences=found.differences)

    def _later(self, delivery: models.Delivery, error: DeliveryError, patience: Patience) -> None:
        at = patience.next_attempt(delivery.attempts + 1, delivery.give_up_from, self.store.outbox.clock())
        if at is None:
            days = timedelta(days=patience.give_up_days)
            self.store.outbox.refused(delivery.id, f"given up after {days}: {error}", error.status, "hand_over_given_up")
            log.error("hand-over given up", about=delivery.about, event_name=delivery.event, reason=_kind(error))
        else:
            self.store.outbox.try_later(delivery.id, delivery.attempts, str(error), error.status, at)
            log.warning("case system unavailable", about=delivery.about, event_name=delivery.event, reason=_kind(error), next=at.isoformat())


def _kind(error: DeliveryError) -> str:
    """For the log: what a case system says may repeat what the caller said, and is kept with the delivery only."""
    return f"status {error.status}" if error.status else type(error.__context__).__name__


_runner: Runner | None = None


@DBOS.workflow(name=TRANSCRIBE)
def transcribe(ticket_id: str) -> None:
    """The job behind Runner.transcribe."""
    if _runner is not None:
        _runner.transcribe(ticket_id)


@DBOS.workflow(name=DELIVER)
def deliver(delivery_id: str, attempt: int) -> None:
    """The job behind Runner.deliver."""
    if _runner is not None:
        _runner.deliver(delivery_id, attempt)


@DBOS.workflow(name=NOTIFY)
def notify(notice_id: str, attempts: int) -> None:
    """The job behind Teller.tell."""
    if _runner is not None:
        _runner.teller.tell(notice_id, attempts)


@DBOS.workflow(name=RETENTION)
def forget(scheduled_at: datetime, context: object) -> None:
    """The job behind Runner.forget, every night; what it could not do it does the night after."""
    if _runner is not None and _runner.forget is not None:
        _runner.forget(_runner.store)


@DBOS.workflow(name=DEADLINES)
def look(scheduled_at: datetime, context: object) -> None:
    """The job behind Runner.look, every minute."""
    if _runner is not None:
        _runner.look()


@DBOS.workflow(name=RECONCILE)
def reconcile(scheduled_at: datetime, context: object) -> None:
    """The job behind Runner.reconcile, every night."""
    if _runner is not None:
        _runner.reconcile()


@DBOS.workflow(name=DAILY)
def daily(scheduled_at: datetime, context: object) -> None:
    """Reports, and articles to be read again, every morning."""
    if _runner is not None and _runner.daily is not None:
        _runner.daily(_runner.store.database, "")


@DBOS.workflow(name=FOLLOWING)
def follow(scheduled_at: datetime, context: object) -> None:
    """The job behind Runner.follower, every five minutes."""
    if _runner is not None and _runner.follower is not None:
        _runner.follower.look()


@DBOS.workflow(name=REPORT)
def report(name: str) -> None:
    """A report that somebody asked for."""
    if _runner is not None and _runner.daily is not None:
        _runner.daily(_runner.store.database, name)
