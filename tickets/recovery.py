"""Finds what has no one working on it: rows whose job is gone, jobs whose worker is gone, items the spool still holds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from tickets import models
from tickets.jobs import DELIVER, TRANSCRIBE, DurableJobs
from tickets.life import now
from tickets.models import Delivery, Lease, Ticket
from tickets.store import Store

LEASE_SECONDS = 60.0
KEEP_ENDED_JOBS = timedelta(days=7)


def renew_lease(store: Store, executor: str) -> None:
    """Says that this worker is alive."""
    with store.database.writes() as session:
        lease = session.get(Lease, executor) or Lease(executor=executor)
        lease.renewed_at = now()
        session.add(lease)


def take_over_lost_jobs(store: Store, jobs: DurableJobs, executor: str) -> int:
    """The jobs of workers that have not renewed their lease are given to the living. Returns how many."""
    with store.database.reads() as session:
        alive = select(Lease.executor).where(Lease.renewed_at > now() - timedelta(seconds=LEASE_SECONDS))
        executors = set(session.scalars(alive))
    return jobs.take_over(executors | {executor})


def requeue_lost_rows(store: Store, jobs: DurableJobs, deliveries: bool = True) -> int:
    """Rows that wait although no job is about them get a new one. Returns how many."""
    waiting = set(store.pending_transcripts())
    undelivered = set(store.outbox.first_ids()) if deliveries else set()
    tickets = sorted(waiting - jobs.live(TRANSCRIBE)) if waiting else []
    parcels = sorted(undelivered - jobs.live(DELIVER)) if undelivered else []
    for ticket_id in tickets:
        with store.database.writes() as session:
            if session.get_one(Ticket, ticket_id).transcript_state == models.PENDING:
                jobs.transcribe(session, ticket_id)
    for delivery_id in parcels:
        with store.database.writes() as session:
            delivery = session.get_one(Delivery, delivery_id)
            if delivery.state == models.WAITING:
                jobs.deliver(session, delivery, delivery.next_attempt_at)
    return len(tickets) + len(parcels)
