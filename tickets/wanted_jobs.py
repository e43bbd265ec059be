"""What the register wants of durable jobs, so that it knows no engine; tickets/jobs.py has one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from tickets.models import Delivery


class Jobs(Protocol):
    """Where work is put, in the transaction of the row it belongs to."""

    def transcribe(self, session: Session, ticket_id: str) -> None: ...

    def deliver(self, session: Session, delivery: Delivery, at: datetime | None) -> None: ...

    def report(self, session: Session, name: str) -> bool: ...

    def live(self, queue: str) -> set[str]: ...


class JobsLater:
    """For a process without jobs of its own: the worker's recovery scan finds the rows."""

    def transcribe(self, session: Session, ticket_id: str) -> None:
        """Left to the scan."""

    def deliver(self, session: Session, delivery: Delivery, at: datetime | None) -> None:
        """Left to the scan."""

    def report(self, session: Session, name: str) -> bool:
        """Nobody would find it."""
        return False

    def live(self, queue: str) -> set[str]:
        """What waits or runs: nothing that is known here."""
        return set()
