"""Whether there is room for recordings, looked at by the supervisor too: the worker that says so to the floor may be gone."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from hotline.settings import Settings
from queues import recordings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0


class RecordingRoom:
    """The disk of one hotline's recordings. `now` is the clock, so that tests need not wait."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._home = settings.home
        self._minimum_free_mb = settings.file.spool.minimum_free_mb
        self._now = now
        self._next = now()

    def look(self) -> None:
        """To be called often; looks once a minute, and Asterisk begins no recording while there is no room."""
        if self._now() < self._next:
            return
        self._next = self._now() + LOOK_SECONDS
        try:
            recordings.room(self._home, self._minimum_free_mb)
        except OSError as error:
            log.warning("no room for recordings can be told", reason=error.strerror)
