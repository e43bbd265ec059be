"""Makes a report: counts it in one moment of the database, writes it into a folder that appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from tickets.database import Database
from tickets.life import now
from tickets.models import Ticket
from tickets.reports import cells
from tickets.reports.document import document
from tickets.reports.figures import Report, count
from tickets.reports.page import page
from tickets.reports.pages import Names, Section, sections
from tickets.reports.period import Period
from tickets.reports.rows import late_replies, matters, steps, visits

NO_FONT = "没有中文字体，图表和 PDF 略去：运行 hotline setup 后重新生成。No Chinese font: charts and PDF are left out; run `hotline setup`, then make it again."
Floor = Callable[[Period], Mapping[str, float | int | None]]


def no_floor(_: Period) -> Mapping[str, float | int | None]:
    """Where nobody knows the queues' figures."""
    return {}


@dataclass(frozen=True)
class Reports:
    """`floor` hands in the queues' figures of a period, `names` what codes are called now."""

    database: Database
    names: Callable[[], Names] = Names
    floor: Floor = no_floor
    font: Callable[[], Path | None] = field(default=lambda: None)

    def report(self, period: Period) -> Report:
        before = period.before()
        with self.database.reads() as session:
            found = count(
                period, matters(session, period.begin_at, period.end_at), matters(session, before.begin_at, before.end_at),
                steps(session, period.begin_at, period.end_at), lambda tickets: late_replies(session, tickets, period.begin_at),
                visits(session, period.begin_at, period.end_at),
            )  # fmt: skip
        return replace(found, floor=dict(self.floor(period)))

    def first(self) -> datetime:
        """When the first ticket came in; none: now."""
        with self.database.reads() as session:
            return session.scalar(select(func.min(Ticket.created_at))) or now()

    def write(self, period: Period, into: Path) -> Path:
        """report.html, report.pdf, report.json and a CSV for each table, in a folder named like the period. Raises OSError."""
        report, font = self.report(period), self.font()
        told = sections(report, self.names())
        target, aside = into / period.name, into / f".{period.name}.part"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True, mode=0o700)
        _write(aside / "report.html", page(report, told, font, "" if font else NO_FONT).encode())
        if font:
            _write(aside / "report.pdf", document(report, told, font))
        for one in told:
            _write(aside / f"{one.name}.csv", cells.table(one.columns, one.rows).encode())
        _write(aside / "report.json", json.dumps(as_json(report, told), ensure_ascii=False, indent=1).encode())
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
        return target


def as_json(report: Report, told: list[Section]) -> dict[str, object]:
    """For programs: shares with what they are of, and each table as it is shown."""
    shares = {name: asdict(share) | {"rate": share.rate} for name in ("dispatched", "replied", "completed", "pleased") for share in (getattr(report, name),)}
    tables = {one.name: {"columns": list(one.columns), "rows": [list(row) for row in one.rows]} for one in told}
    return {
        "schema": "report", "version": 1, "period": report.period.name, "first": report.period.first.isoformat(), "end": report.period.end.isoformat(),
        "total": report.total, "before": report.before, "missed": report.missed, "repeated": report.repeated, **shares, "visits": asdict(report.visits), "tables": tables,
    }  # fmt: skip


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)
