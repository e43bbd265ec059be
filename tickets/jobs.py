"""Durable work on DBOS, behind a small port: put a job into a row's own transaction; run it, whoever is killed meanwhile.

Jobs carry ids only (DBOS pickles its inputs) and are repeatable: the rows say whether there is anything left to do.
ADR 0051 tells which traps of the engine the lines below avoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSClient, EnqueueOptions
from sqlalchemy.orm import Session

from tickets.database import Database, address
from tickets.item import new_id
from tickets.models import Delivery
from tickets.store import Store

APPLICATION = "hotline"
VERSION = "1"  # pinned: DBOS otherwise hashes the source, and jobs of the old source would wait for ever after an upgrade
TRANSCRIBE, DELIVER, NOTIFY = "transcribe", "deliver", "notify"
REPORT = "report"  # a job of DAILY's queue: a report is made by one at a time
DEADLINES, RETENTION, RECONCILE, DAILY, FOLLOWING = "deadlines", "retention", "reconcile", "daily", "following"  # each a queue, its job and the schedule that puts it there
LIVE = ["ENQUEUED", "DELAYED", "PENDING"]
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
PRUNE_BATCH = 500


class DurableJobs:
    """Puts jobs into the queues, and looks after them. Any process may; running them is tickets/runner.py."""

    def __init__(self, database: Database) -> None:
        # Our engine, always as a writer: a read that becomes a write cannot get SQLite's lock.
        self._client = DBOSClient(
            system_database_engine=database.engine.execution_options(writes=True), application_name=APPLICATION, lazy=True
        )

    def transcribe(self, session: Session, ticket_id: str) -> None:
        """To be transcribed when this transaction commits."""
        self._client.enqueue_in_transaction(session, _options(TRANSCRIBE, ticket_id), ticket_id)

    def deliver(self, session: Session, delivery: Delivery, at: datetime | None) -> None:
        """To be handed over when this transaction commits, or at the given time."""
        options = _options(DELIVER, delivery.id)
        if at is not None and (pause := (at - datetime.now(UTC)).total_seconds()) > 0:  # with one of 0 it would wait for the engine's next look
            options["delay_seconds"] = pause
        self._client.enqueue_in_transaction(session, options, delivery.id, delivery.attempts)

    def notify(self, session: Session, notice_id: str, attempts: int, at: datetime | None) -> None:
        """To be told when this transaction commits, or at the given time."""
        options = _options(NOTIFY, notice_id)
        if at is not None:
            options["delay_seconds"] = max(0.0, (at - datetime.now(UTC)).total_seconds())
        self._client.enqueue_in_transaction(session, options, notice_id, attempts)

    def report(self, session: Session, name: str) -> bool:
        """The report of this name is to be made when this transaction commits."""
        self._client.enqueue_in_transaction(session, {**_options(REPORT, name), "queue_name": DAILY}, name)
        return True

    def live(self, queue: str) -> set[str]:
        """What the jobs that wait or run in this queue are about: ids of tickets or deliveries."""
        found = self._client.list_workflows(queue_name=queue, status=LIVE, load_input=False, load_output=False)
        return {about(job.workflow_id) for job in found}

    def take_over(self, executors_alive: set[str]) -> int:
        """Gives the jobs of workers that are gone to those who are there. Returns how many."""
        running = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        lost: dict[str, list[str]] = {}
        for job in running:
            if job.executor_id not in executors_alive and job.queue_name:
                lost.setdefault(job.queue_name, []).append(job.workflow_id)
        for queue, ids in lost.items():
            self._client.resume_workflows(ids, queue_name=queue)
        return sum(map(len, lost.values()))

    def prune(self, older_than: timedelta) -> int:
        """Forgets jobs that ended long ago. Returns how many."""
        before = (datetime.now(UTC) - older_than).isoformat()
        total = 0
        while ids := self._ended(before):
            self._client.delete_workflows(ids)
            total += len(ids)
        return total

    def _ended(self, before: str) -> list[str]:
        found: Sequence[Any] = self._client.list_workflows(
            status=ENDED, end_time=before, limit=PRUNE_BATCH, load_input=False, load_output=False
        )
        return [job.workflow_id for job in found]


def open_store(url: str) -> Store:
    """The register with durable jobs, its tables and theirs up to date. What every process of the hotline uses."""
    store = Store(url)
    store.migrate()  # first: it puts SQLite into WAL mode before the engine opens the file
    DBOS.migrate(system_url(url))
    store.jobs = DurableJobs(store.database)
    return store


def system_url(url: str) -> str:
    """The database's URL as DBOS wants it."""
    parsed = address(url)
    plain = parsed if parsed.get_backend_name() == "sqlite" else parsed.set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def about(workflow_id: str) -> str:
    """The id of the row a job is for."""
    return workflow_id.split(":")[1] if workflow_id.count(":") == 2 else ""


def _options(queue: str, row_id: str) -> EnqueueOptions:
    return {
        "workflow_name": queue,
        "queue_name": queue,
        "workflow_id": f"{queue}:{row_id}:{new_id()}",
        "app_version": VERSION,
        "application_name": APPLICATION,
    }
