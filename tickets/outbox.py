"""The outbox: everything that must reach the case system, until it has or a person has been told.

Rows only; who sends them is tickets/jobs.py, and how is tickets/connectors/. Events about the same ticket or call go one
after the other: only the first that waits has a job, and whatever ends its waiting gives the next one its own. One that
is dead stands in nobody's way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from tickets import models, wire
from tickets.connectors import Delivered, Event
from tickets.database import Database
from tickets.item import new_id
from tickets.life import become, hand_over, note, now
from tickets.models import Delivery, Ticket
from tickets.numbers import SHANGHAI

Enqueue = Callable[[Session, Delivery, datetime | None], None]
Clock = Callable[[], datetime]
TICKET = "ticket"  # the event of a ticket that is complete; the only one that changes its status
MOST_LISTED = 500


class NoSuchDelivery(LookupError):
    """No delivery has this id."""


@dataclass
class Outbox:
    """Deliveries and what became of them."""

    database: Database
    enqueue: Enqueue
    clock: Clock = now

    def add(self, session: Session, ticket: Ticket) -> Delivery:
        """Puts a ticket that is complete into the outbox, in the transaction that made it ready."""
        session.flush()
        return self.put(session, TICKET, ticket.number, {"ticket": wire.ticket(ticket, show_caller=True)}, ticket.id)

    def put(
        self,
        session: Session,
        event: str,
        about: str,
        content: Mapping[str, Any],
        ticket_id: str | None = None,
        schema: int | str = 1,
        key: str = "",
    ) -> Delivery:
        """Puts an event into the outbox, behind those about the same. `key`: what it is known by, where it might be put twice."""
        moment, identity = self.clock(), new_id()
        last = session.scalar(select(func.max(Delivery.sequence)).where(Delivery.about == about)) or 0
        head = {"schema": schema, "event": event, "delivery": identity}
        numbered = {} if event == TICKET else {"sequence": last + 1}
        body = json.dumps({**head, **numbered, **content}, ensure_ascii=False, separators=(",", ":"))
        delivery = Delivery(
            id=identity, ticket_id=ticket_id, event=event, about=about, sequence=last + 1, day=moment.astimezone(SHANGHAI).date().isoformat(),
            idempotency_key=key or identity, body=body, body_sha256=hashlib.sha256(body.encode()).hexdigest(), reference="",
            state=models.WAITING, attempts=0, created_at=moment, give_up_from=moment, next_attempt_at=moment,
        )  # fmt: skip
        session.add(delivery)
        session.flush()
        if _first(session, about) is delivery:
            self.enqueue(session, delivery, None)
        return delivery

    def get(self, delivery_id: str) -> Delivery:
        """Raises NoSuchDelivery."""
        with self.database.reads() as session:
            return _get(session, delivery_id)

    def due(self, delivery_id: str, attempt: int) -> tuple[Delivery, Event] | None:
        """What this job must send; None when it was sent, another job is about it, or an earlier one waits. Raises NoSuchDelivery."""
        with self.database.reads() as session:
            delivery = _get(session, delivery_id)
            if delivery.state != models.WAITING or delivery.attempts != attempt or _first(session, delivery.about) is not delivery:
                return None
            named = select(Delivery.reference).where(Delivery.about == delivery.about, Delivery.reference != "").order_by(Delivery.sequence.desc())
            reference = session.scalars(named.limit(1)).first() or ""
            day = delivery.created_at.astimezone(SHANGHAI).date()
            return delivery, Event(delivery.idempotency_key, delivery.event, delivery.body, day, delivery.about, reference)

    def of_ticket(self, ticket_id: str) -> Sequence[Delivery]:
        with self.database.reads() as session:
            return session.scalars(select(Delivery).where(Delivery.ticket_id == ticket_id).order_by(Delivery.sequence)).all()

    def waiting(self, limit: int = MOST_LISTED, after: str = "") -> Sequence[Delivery]:
        """Those not yet taken, oldest first. `after`: the id of the last one seen."""
        return self._in_state(models.WAITING, limit, after)

    def dead_letters(self, limit: int = MOST_LISTED, after: str = "") -> Sequence[Delivery]:
        """Those a person must look at, oldest first."""
        return self._in_state(models.DEAD, limit, after)

    def not_yet(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys no delivery has."""
        with self.database.reads() as session:
            return set(keys) - set(session.scalars(select(Delivery.idempotency_key).where(Delivery.idempotency_key.in_(keys))))

    def first_ids(self) -> Sequence[str]:
        """Of those that wait, the first about each ticket or call: these have jobs."""
        earlier = aliased(Delivery)
        before = exists().where(earlier.about == Delivery.about, earlier.state == models.WAITING, earlier.sequence < Delivery.sequence)
        with self.database.reads() as session:
            return session.scalars(select(Delivery.id).where(Delivery.state == models.WAITING, ~before).order_by(Delivery.id)).all()

    def count(self, state: str) -> int:
        with self.database.reads() as session:
            query = select(func.count()).select_from(Delivery).where(Delivery.state == state)
            return session.execute(query).scalar_one()

    def delivered(self, delivery_id: str, taken: Delivered) -> None:
        """The case system has it."""
        with self.database.writes() as session:
            delivery = _get(session, delivery_id, lock=True)
            if delivery.state == models.DELIVERED:
                return
            again = delivery.delivered_at is not None
            delivery.state, delivery.delivered_at, delivery.next_attempt_at = models.DELIVERED, self.clock(), None
            delivery.attempts += 1
            delivery.last_status, delivery.last_error = taken.status, None
            delivery.reference = taken.reference or delivery.reference
            if delivery.event == TICKET and not again:
                ticket = _ticket(session, delivery)
                become(ticket, models.HANDED_OVER)
                hand_over(ticket, delivery.delivered_at)
                _note(session, ticket, "handed_over", delivery)
            self.go_on(session, delivery.about)

    def try_later(self, delivery_id: str, attempt: int, error: str, status: int | None, at: datetime) -> None:
        """It did not answer; the next attempt is enqueued with the note of this one.

        `attempt`: how many came before this one. A job that ran twice must not make two chains of attempts.
        """
        with self.database.writes() as session:
            delivery = _get(session, delivery_id, lock=True)
            if delivery.state != models.WAITING or delivery.attempts != attempt:
                return
            delivery.attempts += 1
            delivery.last_status, delivery.last_error, delivery.next_attempt_at = status, error, at
            session.flush()
            self.enqueue(session, delivery, at)

    def refused(self, delivery_id: str, error: str, status: int | None, event: str = "hand_over_refused") -> None:
        """A dead letter: refused for good, or given up after days of silence (`hand_over_given_up`)."""
        with self.database.writes() as session:
            delivery = _get(session, delivery_id, lock=True)
            if delivery.state != models.WAITING:
                return
            delivery.state, delivery.next_attempt_at = models.DEAD, None
            delivery.attempts += 1
            delivery.last_status, delivery.last_error = status, error
            if delivery.event == TICKET and delivery.delivered_at is None:
                ticket = _ticket(session, delivery)
                become(ticket, models.REFUSED)
                _note(session, ticket, event, delivery)
            self.go_on(session, delivery.about)

    def replay(self, delivery_id: str, actor: str = "") -> Delivery:
        """A person mended the cause: the dead letter is sent again, under the same key. Raises NoSuchDelivery."""
        with self.database.writes() as session:
            delivery = _get(session, delivery_id, lock=True)
            if delivery.state != models.DEAD:
                raise NoSuchDelivery(f"{delivery_id} is {delivery.state}, not a dead letter")
            if not delivery.body:  # taken long ago, or erased
                raise NoSuchDelivery(f"{delivery_id} was erased")
            self.wait_again(session, delivery, actor)
            self.go_on(session, delivery.about)
            return delivery

    def wait_again(self, session: Session, delivery: Delivery, actor: str) -> None:
        """It waits anew, with all its days. That a dead letter is sent again is told of its ticket."""
        if delivery.event == TICKET and delivery.state == models.DEAD:
            _note(session, _ticket(session, delivery), "hand_over_replayed", delivery, actor)
        delivery.state, delivery.give_up_from, delivery.next_attempt_at = models.WAITING, self.clock(), self.clock()

    def go_on(self, session: Session, about: str) -> None:
        """Gives the first that waits its job. It may have one; the attempt's number lets only one of them send."""
        session.flush()
        if (first := _first(session, about)) is not None:
            self.enqueue(session, first, first.next_attempt_at)

    def _in_state(self, state: str, limit: int, after: str) -> Sequence[Delivery]:
        wanted = select(Delivery).where(Delivery.state == state, Delivery.id > after).order_by(Delivery.id).limit(limit)
        with self.database.reads() as session:
            return session.scalars(wanted).all()


def _first(session: Session, about: str) -> Delivery | None:
    waiting = select(Delivery).where(Delivery.about == about, Delivery.state == models.WAITING)
    return session.scalars(waiting.order_by(Delivery.sequence).limit(1)).first()


def _ticket(session: Session, delivery: Delivery) -> Ticket:
    return session.get_one(Ticket, delivery.ticket_id, with_for_update=True)


def _note(session: Session, ticket: Ticket, event: str, delivery: Delivery, actor: str = "") -> None:
    """What a case system answered is with the delivery only: it may repeat what the citizen said."""
    detail = {"delivery": delivery.id, "attempts": delivery.attempts, "status": delivery.last_status, "stage": ticket.stage}
    note(session, ticket, event, detail, actor)


def _get(session: Session, delivery_id: str, lock: bool = False) -> Delivery:
    found = session.get(Delivery, delivery_id, with_for_update=lock or None)
    if found is None:
        raise NoSuchDelivery(delivery_id)
    return found
