"""The outbox: every ticket that must reach the case system, until it has or a person has been told.

Rows only; who sends them is tickets/jobs.py, and how is tickets/connectors/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets import models, wire
from tickets.database import Database
from tickets.item import new_id
from tickets.life import become, hand_over, note, now
from tickets.models import Delivery, Ticket

Enqueue = Callable[[Session, Delivery, datetime | None], None]


class NoSuchDelivery(LookupError):
    """No delivery has this id."""


class Outbox:
    """Deliveries and what became of them."""

    def __init__(self, database: Database, enqueue: Enqueue) -> None:
        self._database = database
        self._enqueue = enqueue

    def add(self, session: Session, ticket: Ticket) -> Delivery:
        """Puts a ticket into the outbox, in the transaction that made it ready."""
        moment, identity = now(), new_id()
        session.flush()
        delivery = Delivery(
            id=identity,
            ticket_id=ticket.id,
            idempotency_key=identity,
            body=_body(identity, ticket),
            state=models.WAITING,
            attempts=0,
            created_at=moment,
            give_up_from=moment,
            next_attempt_at=moment,
        )
        session.add(delivery)
        session.flush()
        self._enqueue(session, delivery, None)
        return delivery

    def get(self, delivery_id: str) -> Delivery:
        """Raises NoSuchDelivery."""
        with self._database.reads() as session:
            return _get(session, delivery_id)

    def of_ticket(self, ticket_id: str) -> Sequence[Delivery]:
        with self._database.reads() as session:
            return session.scalars(select(Delivery).where(Delivery.ticket_id == ticket_id).order_by(Delivery.id)).all()

    def waiting(self) -> Sequence[Delivery]:
        """Those not yet taken, oldest first."""
        return self._in_state(models.WAITING)

    def waiting_ids(self) -> Sequence[str]:
        with self._database.reads() as session:
            return session.scalars(select(Delivery.id).where(Delivery.state == models.WAITING)).all()

    def dead_letters(self) -> Sequence[Delivery]:
        """Those a person must look at, oldest first."""
        return self._in_state(models.DEAD)

    def count(self, state: str) -> int:
        with self._database.reads() as session:
            query = select(func.count()).select_from(Delivery).where(Delivery.state == state)
            return session.execute(query).scalar_one()

    def delivered(self, delivery_id: str, status: int) -> None:
        """The case system has it."""
        with self._database.writes() as session:
            delivery, ticket = self._lock(session, delivery_id)
            if delivery.state == models.DELIVERED:
                return
            delivery.state, delivery.delivered_at, delivery.next_attempt_at = models.DELIVERED, now(), None
            delivery.attempts += 1
            delivery.last_status, delivery.last_error = status, None
            become(ticket, models.HANDED_OVER)
            hand_over(ticket, delivery.delivered_at)
            _note(session, ticket, "handed_over", delivery)

    def try_later(self, delivery_id: str, attempt: int, error: str, status: int | None, at: datetime) -> None:
        """It did not answer; the next attempt is enqueued with the note of this one.

        `attempt`: how many came before this one. A job that ran twice must not make two chains of attempts.
        """
        with self._database.writes() as session:
            delivery, _ = self._lock(session, delivery_id)
            if delivery.state != models.WAITING or delivery.attempts != attempt:
                return
            delivery.attempts += 1
            delivery.last_status, delivery.last_error, delivery.next_attempt_at = status, error, at
            session.flush()
            self._enqueue(session, delivery, at)

    def refused(self, delivery_id: str, error: str, status: int | None, event: str = "hand_over_refused") -> None:
        """A dead letter: refused for good, or given up after days of silence (`hand_over_given_up`)."""
        with self._database.writes() as session:
            delivery, ticket = self._lock(session, delivery_id)
            if delivery.state != models.WAITING:
                return
            delivery.state, delivery.next_attempt_at = models.DEAD, None
            delivery.attempts += 1
            delivery.last_status, delivery.last_error = status, error
            become(ticket, models.REFUSED)
            _note(session, ticket, event, delivery)

    def replay(self, delivery_id: str, actor: str = "") -> Delivery:
        """A person mended the cause: the dead letter is sent again, under the same key. Raises NoSuchDelivery."""
        with self._database.writes() as session:
            delivery, ticket = self._lock(session, delivery_id)
            if delivery.state != models.DEAD:
                raise NoSuchDelivery(f"{delivery_id} is {delivery.state}, not a dead letter")
            moment = now()
            delivery.state, delivery.give_up_from, delivery.next_attempt_at = models.WAITING, moment, moment
            _note(session, ticket, "hand_over_replayed", delivery, actor)
            self._enqueue(session, delivery, None)
            return delivery

    def _in_state(self, state: str) -> Sequence[Delivery]:
        with self._database.reads() as session:
            return session.scalars(select(Delivery).where(Delivery.state == state).order_by(Delivery.id)).all()

    def _lock(self, session: Session, delivery_id: str) -> tuple[Delivery, Ticket]:
        delivery = _get(session, delivery_id, lock=True)
        return delivery, session.get_one(Ticket, delivery.ticket_id, with_for_update=True)


def _note(session: Session, ticket: Ticket, event: str, delivery: Delivery, actor: str = "") -> None:
    """What a case system answered is with the delivery only: it may repeat what the citizen said."""
    detail = {"delivery": delivery.id, "attempts": delivery.attempts, "status": delivery.last_status, "stage": ticket.stage}
    note(session, ticket, event, detail, actor)


def _get(session: Session, delivery_id: str, lock: bool = False) -> Delivery:
    found = session.get(Delivery, delivery_id, with_for_update=lock or None)
    if found is None:
        raise NoSuchDelivery(delivery_id)
    return found


def _body(delivery_id: str, ticket: Ticket) -> str:
    content = {"schema": 1, "event": "ticket", "delivery": delivery_id, "ticket": wire.ticket(ticket, show_caller=True)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
