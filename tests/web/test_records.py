"""Call records and figures over the API: who may see what, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queues import record_store
from queues.call_record import CallKind, CallRecord, Outcome
from queues.storage import MIGRATIONS
from tests.queues.logs_of import whole
from tests.web.conftest import Hotline

DAY = "begin=2026-11-22T00:00:00%2B08:00&end=2026-11-23T00:00:00%2B08:00"


@pytest.fixture
def calls(hotline: Hotline, tmp_path: Path) -> list[CallRecord]:
    hotline.store.database.migrate(MIGRATIONS)
    records = list(whole("simple", tmp_path / "logs").records.values())
    hostile = CallRecord("hostile-1.1", CallKind.INBOUND, "+8613800000009", "=cmd|' /C calc'!A0", 1795300000.0, outcome=Outcome.ENDED, path="@SUM(A1)")
    record_store.store(hotline.store.database, [*records, hostile])
    return [*records, hostile]


def test_newest_first_and_page_by_page(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    found, following = [], ""
    while True:
        page = api.get(f"/api/records?limit=2{following}", headers=hotline.headers("supervisor")).json()
        found += page["items"]
        if page["next"] is None:
            break
        following = f"&cursor={page['next']}"
    want = sorted(calls, key=lambda call: call.began_at, reverse=True)
    assert [item["linkedid"] for item in found] == [call.linkedid for call in want]
    assert all(datetime.fromisoformat(item["began_at"]).utcoffset() is not None for item in found)


def test_one_call_with_every_stretch(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    call = api.get("/api/records/hotline12345-1795323039.0", headers=hotline.headers("integration")).json()
    assert (call["caller"], call["outcome"]) == ("13800000001", "answered")
    assert [(part["kind"], part["how"]) for part in call["segments"]] == [("queue", "answered"), ("talk", "agent")]
    assert api.get("/api/records/none", headers=hotline.headers("supervisor")).status_code == 404


def test_filters(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    def found(query: str) -> list[str]:
        return [item["outcome"] for item in api.get(f"/api/records?{query}", headers=hotline.headers("supervisor")).json()["items"]]

    assert found("caller=13800000003") == ["abandoned"]
    assert found("queue=complaints&outcome=voicemail") == ["voicemail"]
    assert found("agent=agent-1001") == ["answered", "answered"]
    for wrong in ("begin=2026-11-22T00:00:00", "outcome=happy", "cursor=x", "limit=0", "queue=%27%20OR%201"):
        answer = api.get(f"/api/records?{wrong}", headers=hotline.headers("supervisor"))
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), wrong


def test_an_agent_sees_their_own_calls_without_numbers(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    assert api.get("/api/records", headers=hotline.headers("agent")).status_code == 403, "a token of nobody"
    own = {"Authorization": f"Bearer {hotline.store.tokens.create('agent', agent='agent-1001')[1]}"}
    items = api.get("/api/records", headers=own).json()["items"]
    assert [item["caller"] for item in items] == ["138****0002", "138****0001"]
    assert api.get("/api/records?agent=li", headers=own).status_code == 403
    assert api.get("/api/records?caller=13800000001", headers=own).status_code == 403, "whoever may not see a number may not guess it"
    assert api.get("/api/records/hotline12345-1795323044.4", headers=own).status_code == 404
    assert api.get(f"/api/figures?{DAY}", headers=own).status_code == 403
    assert api.get(f"/api/figures?{DAY}&by=agent", headers=own).json()["items"][0]["conversations"] == 2


def test_cells_of_hostile_callers_are_text(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    answer = api.get("/api/records?format=csv", headers=hotline.headers("supervisor"))
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 6
    hostile = next(row for row in rows if row["linkedid"] == "hostile-1.1")
    assert (hostile["caller"], hostile["called"], hostile["path"]) == ("'+8613800000009", "'=cmd|' /C calc'!A0", "'@SUM(A1)")
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_figures_of_a_day(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    answer = api.get(f"/api/figures?{DAY}", headers=hotline.headers("supervisor")).json()
    row = answer["items"][0]
    assert (row["offered"], row["answered"], row["abandoned"], row["short_abandoned"], row["messages"]) == (4, 2, 1, 1, 1)
    assert (row["connection_rate"], row["answered_within"], row["service_level"]) == (0.5, 0.5, 0.5)
    hours = api.get(f"/api/figures?{DAY}&by=queue&step=hour", headers=hotline.headers("supervisor")).json()["items"]
    assert sum(hour["offered"] for hour in hours) == 4
    assert {hour["connection_rate"] for hour in hours} == {None, 0.5}, "hours without calls are undefined"
    text = api.get(f"/api/figures?{DAY}&by=number&format=csv", headers=hotline.headers("supervisor")).text
    assert "1234511,2026-11-22T00:00:00.000+08:00" in text


def test_figures_that_cannot_be_asked_for(api: TestClient, hotline: Hotline, calls: list[CallRecord]) -> None:
    for wrong in ("begin=2026-11-23T00:00:00Z&end=2026-11-22T00:00:00Z", "begin=2020-01-01T00:00:00Z", "step=week", "level_seconds=0", "begin=2026-09-01T00:00:00Z&end=2026-11-22T00:00:00Z&step=quarter-hour"):
        assert api.get(f"/api/figures?{wrong}", headers=hotline.headers("supervisor")).status_code == 422, wrong
