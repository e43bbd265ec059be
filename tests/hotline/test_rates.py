"""The rates of alarms: a day over all queues, the last minutes of each, from call records as the worker stored them."""

from __future__ import annotations

import time
from pathlib import Path

from hotline.serve import rates
from hotline.serve.rates import RateCounter, count
from ivr.alarming import Limits
from queues import alarm_file, record_store
from queues.alarm_file import Rates
from queues.alarms import Rate
from queues.call_record import Left, Outcome
from queues.storage import MIGRATIONS
from tests.hotline.conftest import settings_of
from tests.queues.test_figures import call
from tickets.database import Database

HOUR = 3600.0
NOW = 100 * HOUR
LIMITS = Limits(service_seconds=20, service_minutes=30)


def at(name: str, began: float, waited: float, how: str = Left.ANSWERED, queue: str = "tax"):  # type: ignore[no-untyped-def]
    return call(name, (queue, began, began + waited, how), began=began, outcome=Outcome.ANSWERED if how == Left.ANSWERED else Outcome.ABANDONED)


EVERY = [
    at("yesterday", NOW - 25 * HOUR, 5, Left.ABANDONED),
    at("morning", NOW - 10 * HOUR, 90, Left.ABANDONED),
    at("quick", NOW - 600, 10),
    at("slow", NOW - 500, 40),
    at("gone", NOW - 400, 30, Left.ABANDONED, "general"),
]


def test_the_day_counts_everything_and_the_level_only_the_last_minutes() -> None:
    found = count(EVERY, NOW, ["general", "tax", "empty"], LIMITS)
    assert found == Rates(Rate(0.5, 4), {"general": Rate(0.0, 1), "tax": Rate(0.5, 2), "empty": Rate(None, 0)})


def test_the_worker_counts_what_is_stored(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    settings = settings_of(tmp_path / "home")
    database = Database(settings.database_url)
    database.migrate(MIGRATIONS)
    now = time.time()
    record_store.store(database, [at("1", now - 100, 5, queue="general"), at("2", now - 90, 60, Left.ABANDONED, "general")])
    database.close()
    monkeypatch.setattr(rates, "EVERY_SECONDS", 0.05)
    path = alarm_file.rates_where(settings.home)
    with RateCounter(settings):
        deadline = time.monotonic() + 20
        while (found := alarm_file.read_rates(path, time.time())) is None and time.monotonic() < deadline:
            time.sleep(0.02)
    assert found is not None
    assert (found.connection, found.service["general"]) == (Rate(0.5, 2), Rate(0.5, 2))
