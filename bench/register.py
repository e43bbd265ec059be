"""What a large register costs beside a small one: lists, filters, words and single tickets over the API, intake, a month's report.

On SQLite and on PostgreSQL. Each question is asked of the web application in this process, so its JSON is in the time.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import select, text
from starlette.testclient import TestClient

from bench import matters
from bench.databases import KINDS, Kind, opened
from bench.report import percentile
from hotline.register import open_register
from hotline.settings import PROJECT
from tickets.item import Item, new_id
from tickets.models import Ticket
from tickets.reports import fonts
from tickets.reports.make import Reports
from tickets.reports.period import of
from tickets.store import Audio, Store
from tickets.wanted_jobs import JobsLater
from web.app import create_app

SMALL: Final = (10_000, 50_000)
FULL: Final = (10_000, 1_000_000)
ASKED: Final = 100
TAKEN_IN: Final = 300
END: Final = datetime(2026, 11, 22, tzinfo=UTC)
Questions = Mapping[str, Callable[[random.Random], tuple[str, dict[str, str]]]]


def measure(full: bool, folder: Path, kinds: tuple[Kind, ...] = KINDS) -> Iterator[dict[str, Any]]:
    """A row for each database and size, as soon as it is known."""
    for count in FULL if full else SMALL:
        for kind in kinds:
            with opened(kind, folder / f"{kind}-{count}") as url:
                yield {"database": kind, "tickets": count} | _one(url, count, folder)


def beside(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each figure, a column for each database and size."""
    names = [name for name in rows[0] if name not in ("database", "tickets")]
    return [{"what": name} | {f"{row['database']} {row['tickets']}": row[name] for row in rows} for name in names]


def _one(url: str, count: int, folder: Path) -> dict[str, Any]:
    store = open_register(url)
    store.jobs = JobsLater()
    try:
        begin = time.monotonic()
        if not matters.held(store.database):
            matters.fill(store.database, count, END)
        found: dict[str, Any] = {"load_s": round(time.monotonic() - begin)}
        found |= _asked(store, folder)
        begin, worked = time.monotonic(), time.process_time()
        made = Reports(store.database, font=lambda: fonts.find(PROJECT / "var" / "downloads")).write(of("month", date(2026, 10, 1)), folder / "reports")
        found["month_report_s"] = round(time.monotonic() - begin, 1)
        found["month_report_cpu_s"] = round(time.process_time() - worked, 1)
        found["month_tickets"] = json.loads((made / "report.json").read_text(encoding="utf-8"))["total"]
        found["intake_per_s"] = round(_taken_in(store))
        found["memory_mb"] = round(psutil.Process().memory_info().rss / 1e6)
        return found
    finally:
        store.close()


def _asked(store: Store, folder: Path) -> dict[str, float]:
    """p95 in milliseconds of each kind of question; and what one costs in processor time, ours and PostgreSQL's, which other work does not change."""
    dice = random.Random(1)
    with store.database.reads() as session:
        numbers = session.scalars(select(Ticket.number).order_by(Ticket.id.desc()).limit(200_000)).all()
        ids = session.scalars(select(Ticket.id).order_by(Ticket.id)).all()[:: max(1, len(numbers) // 500)]
    questions: Questions = {
        "list": lambda dice: ("", {"cursor": dice.choice(ids)}),
        "filter": lambda dice: ("", dice.choice(({"stage": "handling"}, {"organisation": "heping-street", "stage": "returned"}, {"channel": "fax"}, {"category": "noise", "cursor": dice.choice(ids)}))),
        "filters": lambda dice: ("", dice.choice(({"stage": "filed", "channel": "fax", "type": "praise"}, {"status": "open", "category": "noise", "cursor": dice.choice(ids)}))),
        "filters_none": lambda dice: ("", dice.choice(({"stage": "filed", "status": "open"}, {"stage": "returned", "status": "handed_over", "channel": "voice"}))),
        "words_common": lambda dice: ("", {"q": "噪音"}),
        "words_deep": lambda dice: ("", {"q": "停水", "cursor": dice.choice(ids)}),
        "words_rare": lambda dice: ("", {"q": "蝙蝠"}),
        "words_place": lambda dice: ("", {"q": f"{dice.choice(matters.ROADS)}{dice.randrange(1, 400)}号"}),
        "words_two": lambda dice: ("", {"q": f"{dice.choice(matters.HOMES)} {dice.choice(('噪音', '停水', '暖气'))}"}),
        "words_none": lambda dice: ("", {"q": "没人说过这句话"}),
        "words_filter": lambda dice: ("", {"q": dice.choice(("噪音", "停水", "请尽快处理")), "stage": dice.choice(("returned", "to_dispatch")), "channel": "fax"}),
        "words_filter_none": lambda dice: ("", {"q": dice.choice(("噪音", "请尽快处理")), "stage": "filed", "status": "open"}),
        "words_season": lambda dice: ("", dice.choice(({"q": "积水"}, {"q": "积水", "stage": "returned"}, {"q": "积水 幸福小区"}))),
        "single": lambda dice: (f"/{dice.choice(numbers)}", {}),
    }
    headers = {"Authorization": f"Bearer {store.tokens.create('supervisor')[1]}"}
    found = {}
    with TestClient(create_app(store, home=folder, reasons=lambda: [])) as api:
        for name, question in questions.items():
            times, worked = [], _worked(store)
            for _ in range(ASKED):
                path, query = question(dice)
                begin = time.perf_counter()
                said = api.get(f"/api/tickets{path}", params=query, headers=headers)
                times.append((time.perf_counter() - begin) * 1000)
                assert said.status_code == 200, said.text
            found[f"{name}_ms"] = round(percentile(times[ASKED // 20 :], 0.95), 1)  # the first ones fill caches
            found[f"{name}_cpu_ms"] = round((_worked(store) - worked) / ASKED * 1000, 1)
    return found


def _worked(store: Store) -> float:
    """Processor seconds of this process and of those that work for it in the database."""
    used = time.process_time()
    if not store.database.is_sqlite:
        with store.database.reads() as session:
            backends = session.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).all()
        used += sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in backends if psutil.pid_exists(pid))
    return used


def _taken_in(store: Store) -> float:
    """Messages that become tickets in a second, one after the other, each safely on disk."""
    item = Item("", "voicemail", linkedid="h-1.1", caller="13800001234", called="12345", path="12345-1", type="complaint", closed_at=END.isoformat())
    begin = time.monotonic()
    for _ in range(TAKEN_IN):
        store.adopt(replace(item, item=new_id()), Audio("recordings/a.wav", "ab" * 32, 10.0))
    return TAKEN_IN / (time.monotonic() - begin)
