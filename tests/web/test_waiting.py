"""/api/callbacks, /api/missed, /api/blocks, /api/nuisances: who sees what, and what happens where nobody is there to be asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from queues import blocks, callback_book
from queues.actor import SUPERVISOR, Actor
from queues.callback_tables import MissedRow
from queues.callbacks import CallBack
from tests.web.conftest import Hotline

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NUMBER = "13800000001"


@pytest.fixture
def promised(hotline: Hotline) -> CallBack:
    made = CallBack(
        id="c.1", number=NUMBER, path="12345-1-1", type="complaint", called="12345", queue="hotline-complaints", place=1,
        priority=0, penalty=9, trunk="trunk", trunk_at="192.0.2.1", version="1", state="waiting", asked_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return callback_book.add(hotline.store.database, made)


@pytest.fixture
def gave_up(hotline: Hotline) -> str:
    row = MissedRow(
        number=NUMBER, queue="complaints", path="12345-1-1", type="complaint", called="12345", times=2, first_at=NOW, last_at=NOW, waited_seconds=40
    )
    with hotline.store.database.writes() as session:
        session.add(row)
    return "20261123040000-0001"


def test_agents_see_masked_numbers_and_nobody_sees_the_trunk(api: TestClient, hotline: Hotline, promised: CallBack) -> None:
    (seen,) = api.get("/api/callbacks", headers=hotline.headers("agent")).json()["items"]
    assert (seen["id"], seen["number"], seen["state"]) == (promised.id, "138****0001", "waiting") and "192.0.2.1" not in str(seen)
    (full,) = api.get("/api/callbacks", headers=hotline.headers("supervisor")).json()["items"]
    assert full["number"] == NUMBER


def test_who_gave_up_is_listed_by_an_id_that_is_no_number(api: TestClient, hotline: Hotline, gave_up: str) -> None:
    (row,) = api.get("/api/missed", headers=hotline.headers("agent")).json()["items"]
    assert (row["id"], row["times"], row["number"]) == (gave_up, 2, "138****0001")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/callbacks", {"missed": "20261123040000-0001"}),
        ("POST", "/api/callbacks/c.1/cancel", {}),
        ("POST", "/api/blocks", {"number": NUMBER, "reason": "insults"}),
        ("DELETE", f"/api/blocks/{NUMBER}", None),
        ("POST", "/api/nuisances", {"number": NUMBER, "what": "shouts"}),
    ],
)
def test_without_telephony_nothing_is_changed_and_that_is_said(api: TestClient, hotline: Hotline, method: str, path: str, body: object) -> None:
    answer = api.request(method, path, json=body, headers=hotline.headers("supervisor"))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["detail"] == "the telephony process does not run"


@pytest.mark.parametrize("role", ["agent", "integration"])
def test_blocks_are_for_supervisors(api: TestClient, hotline: Hotline, role: str) -> None:
    for method, path, body in (("GET", "/api/blocks", None), ("POST", "/api/blocks", {"number": NUMBER, "reason": "x"}), ("GET", "/api/nuisances", None)):
        assert api.request(method, path, json=body, headers=hotline.headers(role)).status_code == 403


def test_integration_may_not_call_back(api: TestClient, hotline: Hotline, gave_up: str) -> None:
    assert api.post("/api/callbacks", json={"missed": gave_up}, headers=hotline.headers("integration")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"number": "anonymous", "reason": "withheld"},
        {"number": "138*", "reason": "all of them"},
        {"number": NUMBER, "reason": ""},
        {"number": NUMBER, "reason": "x", "days": 0},
        {"number": NUMBER, "reason": "x", "days": 100_000},
    ],
)
def test_what_is_no_block_is_a_problem(api: TestClient, hotline: Hotline, body: dict[str, object]) -> None:
    assert api.post("/api/blocks", json=body, headers=hotline.headers("supervisor")).status_code == 422


def test_blocks_and_nuisance_are_listed(api: TestClient, hotline: Hotline) -> None:
    boss = Actor(SUPERVISOR, agent="wang")
    blocks.add(hotline.store.database, boss, NUMBER, "insults", 7)
    blocks.note_nuisance(hotline.store.database, boss, NUMBER, "shouts")
    (block,) = api.get("/api/blocks", headers=hotline.headers("supervisor")).json()["items"]
    assert (block["number"], block["reason"], block["made_by"], block["ended_at"]) == (NUMBER, "insults", "agent wang", None)
    (seen,) = api.get(f"/api/nuisances?number={NUMBER}", headers=hotline.headers("supervisor")).json()["items"]
    assert seen["what"] == "shouts"
