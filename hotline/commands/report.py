"""`hotline report`: what a week or a month was like, as pages, PDF and CSV; and what of it may be published."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline import opening
from hotline.settings import Settings
from hotline.terminal import NO, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.reports.make import Reports
    from tickets.reports.period import Kind, Period

Day = Annotated[str, typer.Option("--date", help="YYYY-MM-DD, a day in it; the last whole one if left out")]
Into = Annotated[Path | None, typer.Option(help="where its folder goes; HOME/reports if left out")]
AsJson = Annotated[bool, typer.Option("--json", help="print the figures, write nothing")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Reports 周报月报: volumes, timeliness, satisfaction, hot issues.")
    group.command("week")(week)
    group.command("month")(month)
    group.command("open-data")(open_data)
    app.add_typer(group, name="report")


def week(day: Day = "", into: Into = None, as_json: AsJson = False) -> None:
    """A week, Monday to Sunday: report.html, report.pdf, a CSV for each table."""
    _make("week", day, into, as_json)


def month(day: Day = "", into: Into = None, as_json: AsJson = False) -> None:
    """A month: report.html, report.pdf, a CSV for each table."""
    _make("month", day, into, as_json)


def open_data(
    day: Day = "", least: Annotated[int, typer.Option(min=5, max=1000, help="no line counts fewer tickets")] = 10,
    file: Annotated[Path | None, typer.Option(help="where to write; the terminal if left out")] = None,
) -> None:  # fmt: skip
    """A month as CSV that may be published: counts of groups, small ones put together or left out; no ids, no words, no places."""
    from tickets.reports import cells  # noqa: PLC0415
    from tickets.reports.open_data import COLUMNS, groups, rows  # noqa: PLC0415
    from tickets.reports.rows import matters  # noqa: PLC0415

    with _reports() as (_, reports):
        period = _period("month", day)
        with reports.database.reads() as session:
            lines = rows(groups(period, matters(session, period.begin_at, period.end_at), reports.names(), least))
    text = cells.table(COLUMNS, lines)
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    print(f"{file}: {len(lines)} lines of {period.name}")


def _make(kind: Kind, day: str, into: Path | None, as_json: bool) -> None:
    from hotline.reports import FOLDER  # noqa: PLC0415
    from tickets.reports.make import as_json as figures  # noqa: PLC0415
    from tickets.reports.pages import sections  # noqa: PLC0415

    with _reports() as (settings, reports):
        period = _period(kind, day)
        if as_json:
            report = reports.report(period)
            print(json.dumps(figures(report, sections(report, reports.names())), ensure_ascii=False))
            return
        try:
            made = reports.write(period, into or settings.home / FOLDER)
        except (OSError, ValueError) as error:
            refuse(f"the report cannot be written: {error}")
    print(made)
    if not (made / "report.pdf").exists():
        refuse("no Chinese font: charts and PDF are left out; `hotline setup` fetches one", NO)


def _period(kind: Kind, day: str) -> Period:
    from tickets.life import now  # noqa: PLC0415
    from tickets.reports.period import last_whole, of  # noqa: PLC0415

    try:
        return of(kind, date.fromisoformat(day)) if day else last_whole(kind, now())
    except (ValueError, OverflowError):
        raise typer.BadParameter("a day such as 2026-11-22", param_hint="--date") from None


@contextlib.contextmanager
def _reports() -> Iterator[tuple[Settings, Reports]]:
    from hotline.cases import CityRules  # noqa: PLC0415
    from hotline.reports import reports  # noqa: PLC0415

    settings = Settings.load()
    with opening.register() as store:
        yield settings, reports(settings, store.database, CityRules(settings))
