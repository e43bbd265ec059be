"""Puts reports together: tickets count, queues hand in their figures, the city's files say what codes are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from hotline.settings import Settings
from queues import figure_table, record_store
from queues.events import Events
from tickets.reports import fonts
from tickets.reports.make import Reports
from tickets.reports.pages import FLOOR, Names
from tickets.reports.period import Period, named

if TYPE_CHECKING:
    from tickets.database import Database
    from tickets.deadlines import Rules

FOLDER = "reports"  # below HOME
log = structlog.get_logger("hotline.reports")


def reports(settings: Settings, database: Database, rules: Callable[[], Rules]) -> Reports:
    """Over one register."""
    return Reports(database, _Names(settings, rules), _Floor(database), lambda: fonts.find(settings.downloads))


def daily(settings: Settings, rules: Callable[[], Rules], events: Events, database: Database, only: str = "") -> None:
    """What a worker does every morning; `only`: makes the one report of this name, which somebody asked for."""
    from tickets.daily import Daily  # noqa: PLC0415
    from tickets.knowledge import Knowledge  # noqa: PLC0415

    told = settings.home / "run" / "reviews-told"
    morning = Daily(reports(settings, database, rules), Knowledge(database), settings.home / FOLDER, told, lambda said: events.say("alarm", said))
    if only:
        morning.report(named(only))
    else:
        morning()


@dataclass(frozen=True)
class _Names:
    settings: Settings
    rules: Callable[[], Rules]

    def __call__(self) -> Names:
        from speech.text import categories  # noqa: PLC0415 - speech's packages take a second to import

        try:
            known = {one.code: one.name for one in categories.of_city(self.settings.city)}
        except categories.CategoriesError as error:
            log.error("the city's categories cannot be read: a report shows their codes", reason=str(error)[:300])
            known = {}
        return Names({code: one.name for code, one in self.rules().organisations.items()}, known)


@dataclass(frozen=True)
class _Floor:
    database: Database

    def __call__(self, period: Period) -> Mapping[str, float | int | None]:
        begin, end = period.begin_at.timestamp(), period.end_at.timestamp()
        [row] = figure_table.rows(record_store.during(self.database, begin, end), [], begin, end)
        return {name: row[name] for name in FLOOR} if row["offered"] else {}
