"""Reports over the API: which there are, what they say, their files; one that is asked for is a job. For supervisors only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queues.storage import MIGRATIONS
from tests.web.conftest import Hotline
from tickets.jobs import DAILY, open_store
from tickets.reports.make import Reports
from tickets.reports.period import named
from web.app import create_app

MADE = ("2026-09", "2026-10", "2026-W40", "2026-W41")


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: []), raise_server_exceptions=False) as client:
        yield client


def test_what_is_made_is_listed_page_by_page_and_read(api: TestClient, hotline: Hotline) -> None:
    hotline.leave("voicemail")
    reports = Reports(hotline.store.database)
    for name in MADE:
        reports.write(named(name), hotline.home / "reports")
    shutil.copytree(hotline.home / "reports/2026-10", hotline.home / "reports/mine")
    headers = hotline.headers("supervisor")

    def names(**query: str) -> tuple[list[str], str | None]:
        page = api.get("/api/reports", params=query, headers=headers).json()
        return [item["name"] for item in page["items"]], page["next"]

    assert names() == (["2026-W41", "2026-10", "2026-W40", "2026-09"], None)
    assert names(limit="3") == (["2026-W41", "2026-10", "2026-W40"], "2026-W40")
    assert names(limit="3", cursor="2026-W40") == (["2026-09"], None)
    assert names(kind="week", limit="1") == (["2026-W41"], "2026-W41")
    one = api.get("/api/reports/2026-10", headers=headers).json()
    assert (one["kind"], one["first"], one["end"], one["figures"]["total"]) == ("month", "2026-10-01", "2026-11-01", 0)
    assert {"report.html", "report.json", "revisits.csv", "by-channel.csv"} <= set(one["files"]) and "report.pdf" not in one["files"]
    page = api.get("/api/reports/2026-10/report.html", headers=headers)
    assert page.headers["content-type"].startswith("text/html") and "sandbox" in page.headers["content-security-policy"] and "月报" in page.text
    table = api.get("/api/reports/2026-10/days.csv", headers=headers)
    assert "attachment" in table.headers["content-disposition"] and "2026-10-days.csv" in table.headers["content-disposition"]
    for wrong in ("2026-11", "2026-W54", "mine", "..", "2026-10/nothing.csv", "2026-10/%2e%2e%2f%2e%2e%2fhotline.sqlite3", "2026-10/.hidden"):
        assert api.get(f"/api/reports/{wrong}", headers=headers).status_code == 404, wrong
    assert api.get("/api/reports", params={"cursor": "2026-W99"}, headers=headers).status_code == 404
    for role, status in (("agent", 403), ("integration", 403), ("administrator", 200)):
        assert api.get("/api/reports", headers=hotline.headers(role)).status_code == status
        assert api.get("/api/reports/2026-10/days.csv", headers=hotline.headers(role)).status_code == status
    unit = {"Authorization": f"Bearer {hotline.store.tokens.create('integration', organisation='water')[1]}"}
    assert api.get("/api/reports", headers=unit).status_code == 403


def test_one_that_is_asked_for_is_a_job(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    store.database.migrate(MIGRATIONS)
    hotline = Hotline(tmp_path, store, tokens={role: store.tokens.create(role)[1] for role in ("agent", "supervisor")})
    try:
        with TestClient(create_app(store, home=tmp_path, reasons=lambda: []), raise_server_exceptions=False) as api:

            def asks(day: str, status: int, role: str = "supervisor", kind: str = "month") -> dict[str, str]:
                said = api.post("/api/reports", json={"kind": kind, "day": day}, headers=hotline.headers(role))
                assert said.status_code == status, said.text
                answer: dict[str, str] = said.json()
                return answer

            assert asks("2026-10-31", 202) == asks("2026-10-02", 202) == {"name": "2026-10", "url": "/api/reports/2026-10"}
            assert asks("2026-10-07", 202, kind="week")["name"] == "2026-W41"
            assert store.jobs.live(DAILY) == {"2026-10", "2026-W41"}
            assert "is being made" in api.get("/api/reports/2026-10", headers=hotline.headers("supervisor")).json()["detail"]
            asks((date.today() + timedelta(days=40)).isoformat(), 422)
            asks("1999-12-31", 422)
            asks("soon", 422)
            asks("2026-10-31", 422, kind="year")
            asks("2026-10-31", 403, role="agent")
            lines = api.get("/api/audit", headers=hotline.headers("supervisor")).json()["items"]
            assert [(line["action"], line["target"]) for line in lines if line["outcome"] == "done"] == [("report.make", "2026-W41"), ("report.make", "2026-10")]
    finally:
        store.close()


def test_where_nobody_makes_reports_that_is_said(api: TestClient, hotline: Hotline) -> None:
    said = api.post("/api/reports", json={"kind": "week", "day": "2026-10-07"}, headers=hotline.headers("supervisor"))
    assert said.status_code == 503 and "hotline report" in said.json()["detail"]
