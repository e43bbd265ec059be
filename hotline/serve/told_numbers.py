"""Keeps numbers and PINs ready for callers who leave a message: beside the worker's other work, a few a minute.

In the worker, because it makes the tickets; callers are told numbers of the pool also while it is away, until it is empty.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from hotline.secrets import pin_key
from hotline.serve.beside import Beside
from hotline.settings import Settings
from tickets.database import Database
from tickets.life import now
from tickets.number_pool import NumberPool, day_of
from tickets.progress import Progress
from tickets.reservations import Reserving

log = structlog.get_logger(__name__)

READY = 60  # numbers of today, and as many of tomorrow: what is told until a person has noticed that the worker is away
AT_ONCE = 5  # before the first pause: a hash is work, and a worker that starts has other things to do
PAUSE_SECONDS = 1.0
TIDY_SECONDS = 600.0
AGAIN_SECONDS = 5.0


class ToldNumbers(Beside):
    """Until the end; what cannot be done now is done later."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("told-numbers")
        self._settings = settings

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._keep()
            except Exception as error:  # noqa: BLE001 - outermost: messages are taken without a number told, too
                log.error("no numbers are made ready to be told", reason=type(error).__name__)
            self._stop.wait(AGAIN_SECONDS)

    def _keep(self) -> None:
        database, key = Database(self._settings.database_url), pin_key(self._settings)
        try:
            database.migrate()
            reserving, progress = Reserving(database, NumberPool.of(self._settings.spool), key), Progress(database, key)
            made, tidied = 0, 0.0
            while not self._stop.is_set():
                at = now()
                if not tidied or at.timestamp() - tidied > TIDY_SECONDS:
                    reserving.tidy(at)
                    progress.forget_old()
                    tidied = at.timestamp()
                day = wanted(reserving.pool, at)
                if day is not None:
                    reserving.one_more(day)
                    made += 1
                if day is None or made >= AT_ONCE:
                    self._stop.wait(PAUSE_SECONDS)
        finally:
            database.close()


def wanted(pool: NumberPool, at: datetime) -> datetime | None:
    """A moment of the day of which another number is wanted: today's first."""
    for day in (at, at + timedelta(days=1)):
        if len(pool.waiting(day_of(day.timestamp()))) < READY:
            return day
    return None
