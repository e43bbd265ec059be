"""Keeps the services alive: starts them in order, restarts whichever dies with growing pauses, stops all in reverse.

It is deliberately dull: one loop that looks a few times a second. If it is killed, everything goes on; the next
supervisor adopts what still runs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from hotline.asterisk.instance import write_private
from hotline.services import Service

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 60.0
STOP_LIMIT_SECONDS = 10.0


@dataclass
class Restarts:
    """How long to wait before the next start: doubled at each death, forgotten after a stable minute."""

    count: int = 0
    in_a_row: int = 0
    since: float = 0.0
    due: float | None = None

    def started(self, now: float) -> None:
        self.since, self.due = now, None

    def died(self, now: float) -> float:
        """Notes a death; returns the pause before the next start."""
        if now - self.since >= STABLE_SECONDS:
            self.in_a_row = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**self.in_a_row, LONGEST_PAUSE_SECONDS)
        self.in_a_row += 1
        self.count += 1
        self.due = now + pause
        return pause


class Supervisor:
    """The loop over the services. `now` is the clock, so that tests need not wait."""

    def __init__(self, services: Sequence[Service], status: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._status = status
        self._now = now
        self._restarts = {service.name: Restarts() for service in services}

    def start(self) -> None:
        """Starts or adopts all, in order. The first start may fail loudly: a person is watching. Then what was begun here
        ends again; what was adopted goes on, with its calls."""
        with ExitStack() as failing:
            for service in self._services:
                adopted = service.pid()
                if adopted is None:
                    failing.callback(_stop, [service], STOP_LIMIT_SECONDS)
                service.start()
                self._restarts[service.name].started(self._now())
                log.info("adopted" if adopted else "started", service=service.name, pid=service.pid())
            failing.pop_all()
        self._write_status()

    def look(self) -> None:
        """One look at every service: notes deaths, starts what is due."""
        changed = [self._looked_at(service, self._restarts[service.name]) for service in self._services]
        if any(changed):
            self._write_status()

    def run(self, stopping: threading.Event, chore: Callable[[], None] = lambda: None) -> None:
        """Looks until told to stop; the chore is done after each look and must be quick."""
        while not stopping.wait(LOOK_SECONDS):
            self.look()
            try:
                chore()
            except Exception:  # outermost, as in _looked_at: no chore is worth the calls
                log.exception("a chore failed")

    def stop(self, limit_seconds: float = STOP_LIMIT_SECONDS) -> None:
        """Ends all, the last started first."""
        _stop(self._services, limit_seconds)
        self._status.unlink(missing_ok=True)

    def _looked_at(self, service: Service, restarts: Restarts) -> bool:
        try:
            return self._look_at(service, restarts)
        except Exception as error:  # outermost: whatever keeps one service away must not take the others with it
            pause = restarts.died(self._now())
            log.exception("start failed", service=service.name, reason=str(error), restart_in_seconds=pause)
            return True

    def _look_at(self, service: Service, restarts: Restarts) -> bool:
        now = self._now()
        if restarts.due is None:
            if service.pid() is not None:
                return False
            pause = restarts.died(now)
            log.error("died", service=service.name, restart_in_seconds=pause, restarts=restarts.count)
            return True
        if now < restarts.due:
            return False
        service.start()
        restarts.started(self._now())
        log.info("restarted", service=service.name, pid=service.pid())
        return True

    def _write_status(self) -> None:
        services = [
            {"name": service.name, "pid": service.pid(), "restarts": self._restarts[service.name].count} for service in self._services
        ]
        try:
            write_private(self._status, json.dumps({"services": services}) + "\n")
        except OSError as error:  # a full disk must not end the one who restarts the others
            log.error("status not written", reason=str(error))


def _stop(services: Sequence[Service], limit_seconds: float) -> None:
    for service in reversed(services):
        service.stop(limit_seconds)
        log.info("stopped", service=service.name)
