"""Looks after tickets that were filed in a system which does not call back: its word on them becomes moves, of the role integration.

A system that was asked and did not answer is asked again at the next look; nothing is lost by that, for nothing was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy import select

from tickets import models
from tickets.callbacks import Callback, Callbacks
from tickets.case import Cases
from tickets.connectors import DeliveryError
from tickets.connectors.open311 import TOKEN, Status
from tickets.models import Delivery, Ticket
from tickets.moves import CaseRefused

MOST_AT_ONCE = 1000
WITH_THEM = ("dispatched", "handling", "supervised", "extended")
DONE = "承办系统已办结"  # where it closed a request without a word
LONGEST_REPLY = 4000
log = structlog.get_logger("tickets.following")


@runtime_checkable
class Follows(Protocol):
    """A connector to a system that is asked."""

    def follow(self, references: Sequence[str]) -> Sequence[Status]: ...

    def number(self, token: str) -> str: ...


@dataclass(frozen=True)
class Follower:
    """One look at a time."""

    cases: Cases
    system: Follows

    def look(self) -> int:
        """Asks for all that are with them; returns how many tickets moved."""
        filed = self._filed()
        try:
            numbers = self._numbered(filed)
            told = self.system.follow(sorted(numbers))
        except DeliveryError as error:
            log.warning("case system unavailable", reason=f"status {error.status}" if error.status else type(error.__context__).__name__)
            return 0
        return sum(self._moved(numbers[one.reference], one) for one in told if one.closed and one.reference in numbers)

    def _filed(self) -> list[tuple[str, str, str]]:
        """Delivery, reference and ticket's number of what is with them."""
        wanted = (
            select(Delivery.id, Delivery.reference, Ticket.number)
            .join(Ticket, Ticket.id == Delivery.ticket_id)
            .where(Delivery.state == models.DELIVERED, Delivery.reference != "", Ticket.stage.in_(WITH_THEM))
            .order_by(Delivery.id.desc())
            .limit(MOST_AT_ONCE)
        )
        with self.cases.database.reads() as session:
            return [(row[0], row[1], row[2]) for row in session.execute(wanted)]

    def _numbered(self, filed: Sequence[tuple[str, str, str]]) -> dict[str, str]:
        """Our number by theirs; a token that has become a number is kept as such. Raises DeliveryError."""
        numbers = {}
        for delivery, reference, ours in filed:
            if not reference.startswith(TOKEN):
                numbers[reference] = ours
            elif number := self.system.number(reference.removeprefix(TOKEN)):
                with self.cases.database.writes() as session:
                    session.get_one(Delivery, delivery).reference = number
                numbers[number] = ours
        return numbers

    def _moved(self, number: str, told: Status) -> bool:
        """Closed there: it is handled and replied to. A person completes it."""
        reply = (told.notes or DONE)[:LONGEST_REPLY]
        identity = hashlib.sha256(f"{told.reference} {reply}".encode()).hexdigest()
        try:
            Callbacks(self.cases).carry_out(Callback(identity, number, "replied", reply))
        except CaseRefused as no:
            log.warning("what the case system said cannot be carried out", ticket=number, reason=no.detail)
            return False
        log.info("replied by the case system", ticket=number)
        return True
