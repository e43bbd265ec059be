"""What happens once a day by itself: reports of the week and the month that are over, and word of articles to be read again.

It may run more often and by any worker: what is written already is not written again, and each day's word is said once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from tickets.files import arriving
from tickets.knowledge import Knowledge
from tickets.life import now
from tickets.numbers import SHANGHAI
from tickets.reports.make import Reports
from tickets.reports.period import Kind, Period, last_whole

MOST: dict[Kind, int] = {"week": 9, "month": 4}  # reports that are made up for at once, after as long without a worker
MOST_NAMED = 50
Say = Callable[[dict[str, Any]], None]
log = structlog.get_logger("tickets.daily")


@dataclass(frozen=True)
class Daily:
    """`folder` holds the reports; `say` hears {"alarm": "review", …}; `told`: a file with the day on which it was said last."""

    reports: Reports
    knowledge: Knowledge
    folder: Path
    told: Path
    say: Say
    clock: Callable[[], datetime] = now

    def __call__(self) -> None:
        self._reviews()
        for kind in MOST:
            for period in self._missing(kind):
                self.report(period)

    def _missing(self, kind: Kind) -> list[Period]:
        """Oldest first: back to the newest that is there, or to the first ticket; the last whole one in any case."""
        period, found = last_whole(kind, self.clock()), list[Period]()
        while len(found) < MOST[kind] and not (self.folder / period.name / "report.html").exists() and (not found or self.reports.first() < period.end_at):
            found.append(period)
            period = period.before()
        return found[::-1]

    def report(self, period: Period) -> None:
        """Written, or the log says why not."""
        try:
            made = self.reports.write(period, self.folder)
        except (OSError, ValueError) as error:
            log.error("report not written", report=period.name, reason=str(error))
        else:
            log.info("report", report=period.name, pdf=(made / "report.pdf").exists())

    def _reviews(self) -> None:
        day = self.clock().astimezone(SHANGHAI).date()
        if self._told() == day.isoformat():
            return
        due = self.knowledge.due(day)
        with arriving(self.told) as part:
            part.write_text(day.isoformat(), encoding="ascii")
        if due:
            codes = [shown.article.code for shown in due]
            log.warning("articles to be read again", articles=len(codes))
            self.say({"alarm": "review", "articles": codes[:MOST_NAMED], "count": len(codes)})

    def _told(self) -> str:
        try:
            return self.told.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return ""
