"""Weekly and monthly reports come by themselves: the real engine's schedule fires, and what a hotline that was down has missed is made up for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.tickets.stage import until
from tickets import runner
from tickets.daily import Daily
from tickets.database import Database
from tickets.jobs import DAILY, open_store
from tickets.knowledge import Knowledge
from tickets.life import begin
from tickets.models import DONE as HEARD
from tickets.reports.make import Reports
from tickets.reports.period import named
from tickets.runner import Runner
from tickets.store import Store
from tickets.transcriber import Transcript

OFTEN = "*/3 * * * * *"  # seconds


class House:
    """A worker's engine over one register, with a clock that is set by hand."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.home, self.now = store, home, datetime(2026, 11, 20, 3, tzinfo=UTC)
        self.daily = Daily(Reports(store.database), Knowledge(store.database), home / "reports", home / "told", lambda _: None, lambda: self.now)

    def runner(self) -> Runner:
        return Runner(self.store, self.home, lambda _: Transcript("", "", "play", HEARD), "here:worker:0", daily=self.morning)

    def morning(self, _: Database, only: str) -> None:
        self.daily.report(named(only)) if only else self.daily()

    def made(self) -> set[str]:
        return {path.parent.name for path in (self.home / "reports").glob("*/report.html")}


def test_reports_come_by_the_schedule_are_made_up_for_and_made_when_asked_for(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    with store.database.writes() as session:
        ticket = begin(session, "voice", "open")
        ticket.created_at = datetime(2026, 11, 3, tzinfo=UTC)
        session.add(ticket)
    house = House(store, tmp_path)
    monkeypatch.setattr(runner, "EVERY_MORNING", OFTEN)
    monkeypatch.setattr(runner, "SCHEDULES_SECONDS", 0.2)
    try:
        with house.runner().running():
            until(lambda: house.made() == {"2026-10", "2026-W46", "2026-W45"}, "what was over when the worker started, back to the first ticket")
            house.now = datetime(2026, 11, 23, 3, tzinfo=UTC)  # the week ends while it runs
            until(lambda: "2026-W47" in house.made(), "the schedule")
        monkeypatch.setattr(runner, "EVERY_MORNING", "30 22 1 1 *")  # not today: what comes now comes by the start
        house.now = datetime(2026, 12, 15, 3, tzinfo=UTC)  # three weeks without a worker
        with house.runner().running():
            until(lambda: {"2026-W48", "2026-W49", "2026-W50", "2026-11"} <= house.made(), "what was missed")
            before = (tmp_path / "reports/2026-W45/report.html").stat().st_ino
            with store.database.writes() as session:
                assert store.jobs.report(session, "2026-W45") and store.jobs.report(session, "2026-12")
            until(lambda: "2026-12" in house.made() and not store.jobs.live(DAILY), "what was asked for")
            assert (tmp_path / "reports/2026-W45/report.html").stat().st_ino != before
        assert house.made() == {"2026-10", "2026-11", "2026-12", *(f"2026-W{week}" for week in range(45, 51))}
    finally:
        store.close()


def test_no_more_is_made_up_for_than_somebody_would_read(light_store: Store, tmp_path: Path) -> None:
    with light_store.database.writes() as session:
        ticket = begin(session, "voice", "open")
        ticket.created_at = datetime(2020, 1, 1, tzinfo=UTC)
        session.add(ticket)
    house = House(light_store, tmp_path)
    wrote: list[str] = []
    house.daily = replace(house.daily, reports=Writes(light_store.database, wrote))
    house.daily()
    assert wrote == [f"2026-W{week}" for week in range(38, 47)] + ["2026-07", "2026-08", "2026-09", "2026-10"]


class Writes(Reports):
    """Notes what is to be written."""

    def __init__(self, database: Database, wrote: list[str]) -> None:
        super().__init__(database)
        object.__setattr__(self, "wrote", wrote)

    def write(self, period, into):  # type: ignore[no-untyped-def]
        self.wrote.append(period.name)
        return into / period.name
