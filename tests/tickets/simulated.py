"""Days of deliveries in a moment: a clock that a story turns, jobs that are run when they are due, a case system with moods."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tickets.case_system import CaseSystem
from tickets.connectors import Delivered, Event, Held, Refused, Unreachable
from tickets.models import Delivery
from tickets.runner import Runner
from tickets.store import Store

BEGAN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # nine o'clock in the city


@dataclass
class System:
    """Keeps each key once, as it must. `mood` says what becomes of an event; it may raise."""

    mood: Callable[[Event], None] = lambda event: None
    kept: list[Event] = field(default_factory=list)
    asked: int = 0
    loses_answers: bool = False
    theirs: Mapping[str, Held] | Exception | None = None

    def deliver(self, event: Event) -> Delivered:
        self.asked += 1
        self.mood(event)
        if event.key not in {known.key for known in self.kept}:
            self.kept.append(event)
            if self.loses_answers:
                raise Unreachable("the answer was lost")
        return Delivered(200)

    def held(self, day: date) -> Mapping[str, Held] | None:
        """Of the first day only; the others are empty on both sides."""
        if isinstance(self.theirs, Exception):
            raise self.theirs
        return self.theirs if self.theirs is None or day == BEGAN.date() else {}

    def order(self, about: str) -> list[int]:
        """The sequence in which events about something came."""
        return [event.content["sequence"] for event in self.kept if event.about == about]


@dataclass
class World:
    """A register, its outbox and the one worker, without a real second passing."""

    store: Store
    case_system: System = field(default_factory=System)
    now: datetime = BEGAN
    jobs: list[tuple[datetime, int, str, int]] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.store.jobs = self
        self.store.outbox.clock = lambda: self.now
        self.runner = Runner(self.store, Path(), lambda _: pytest.fail("nothing to hear"), "x", CaseSystem(self.case_system))

    def transcribe(self, session: Session, ticket_id: str) -> None:
        pytest.fail("nothing to hear")

    def deliver(self, session: Session, delivery: Delivery, at: datetime | None) -> None:
        heapq.heappush(self.jobs, (max(at or self.now, self.now), len(self.jobs) + self.runs, delivery.id, delivery.attempts))

    def put(self, about: str, event: str = "ticket.updated", **content: Any) -> Delivery:
        with self.store.database.writes() as session:
            return self.store.outbox.put(session, event, about, content)

    def turn(self, **time: float) -> None:
        """Lets this much time pass, and runs what becomes due."""
        until = self.now + timedelta(**time)
        while self.jobs and self.jobs[0][0] <= until:
            at, _, delivery_id, attempts = heapq.heappop(self.jobs)
            self.now, self.runs = max(self.now, at), self.runs + 1
            self.runner.deliver(delivery_id, attempts)
        self.now = until

    def states(self) -> dict[str, str]:
        with self.store.database.reads() as session:
            return {f"{row.about}/{row.sequence}": row.state for row in session.query(Delivery)}


def refused(event: Event) -> None:
    raise Refused("422 what is this", 422)


def away(event: Event) -> None:
    raise Unreachable("ConnectError")
