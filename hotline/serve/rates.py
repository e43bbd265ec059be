"""The rates that alarms are judged by, counted again and again in the worker: 接通率 of a day, each queue's service level.

Never in telephony, for a day of calls takes a while to count; the busier the day, the rarer it is counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hotline import city, menus
from hotline.serve.beside import Beside
from hotline.settings import Settings
from ivr.alarming import Limits
from ivr.faults import CityRefused
from queues import alarm_file, figures, record_store
from queues.alarm_file import Rates
from queues.alarms import DAY_SECONDS, Rate
from queues.call_record import CallRecord
from queues.record_store import Wanted
from queues.storage import MIGRATIONS
from tickets.database import Database

EVERY_SECONDS = 15.0
LONGEST_WAIT_SECONDS = 3600.0  # a call of yesterday may have entered its queue today
RESTS = 20  # times as long as counting took
log = structlog.get_logger(__name__)


class RateCounter(Beside):
    """A count after the other, with pauses between."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("rates", daemon=True)
        self._settings = settings
        self._migrated = False

    def _run(self) -> None:
        database = Database(self._settings.database_url)
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    self._count(database, time.time())
                except (OSError, SQLAlchemyError, menus.PublishError, CityRefused) as error:
                    log.error("rates are not counted", reason=type(error).__name__)
                self._stop.wait(max(EVERY_SECONDS, RESTS * (time.monotonic() - began)))
        finally:
            database.close()

    def _count(self, database: Database, now: float) -> None:
        if not self._migrated:
            database.migrate(MIGRATIONS)
            self._migrated = True
        calls = record_store.calls(database, Wanted(begin=now - DAY_SECONDS - LONGEST_WAIT_SECONDS))
        alarm_file.write_rates(alarm_file.rates_where(self._settings.home), count(calls, now, *_of_city(self._settings)))


def count(calls: Sequence[CallRecord], now: float, queues: Sequence[str], limits: Limits) -> Rates:
    """Pure. `calls` are those of the last day, or more."""
    begin = now - limits.service_minutes * 60
    day = figures.figures(calls, now - DAY_SECONDS, now)
    lately = [call for call in calls if call.ended_at is None or call.ended_at >= begin]
    levels = {queue: figures.figures(lately, begin, now, queue=queue, level_seconds=limits.service_seconds) for queue in queues}
    return Rates(Rate(day.connection_rate, day.offered), {queue: Rate(of.service_level, of.offered) for queue, of in levels.items()})


def _of_city(settings: Settings) -> tuple[list[str], Limits]:
    now = city.now(settings)
    return list(now.queues), now.alarms
