"""A ticket moved along over the API: who may, what they are told when they may not, and what stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ivr.organisations import Organisation
from queues import audit
from tests.web.conftest import Hotline
from tickets.deadlines import Rules
from web.app import create_app

RULES = Rules(organisations={"city": Organisation("city", "市政府", 1), "water": Organisation("water", "水务公司", 2, "city")})


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: RULES), raise_server_exceptions=False) as client:
        yield client


class Desk:
    """Somebody with a token, at one ticket."""

    def __init__(self, api: TestClient, hotline: Hotline, role: str, number: str) -> None:
        self.api, self.headers, self.url = api, hotline.headers(role), f"/api/tickets/{number}"

    def moves(self, move: str, status: int = 200, key: str = "", **said: Any) -> dict[str, Any]:
        return self.asks("POST", "/moves", {"move": move, **said}, status, {"Idempotency-Key": key} if key else {})

    def asks(self, method: str, path: str, body: Any = None, status: int = 200, headers: dict[str, str] | None = None) -> dict[str, Any]:
        said = self.api.request(method, self.url + path, json=body, headers=self.headers | (headers or {}))
        assert said.status_code == status, said.text
        answer: dict[str, Any] = said.json()
        return answer


@pytest.fixture
def desks(api: TestClient, hotline: Hotline) -> dict[str, Desk]:
    number = hotline.leave("voicemail").number
    return {role: Desk(api, hotline, role, number) for role in hotline.tokens}


def refusals(hotline: Hotline) -> list[tuple[str, str]]:
    return [(line.action, line.reason) for line in audit.lines(hotline.store.database) if line.outcome == audit.REFUSED]


def test_from_acceptance_to_the_file(desks: dict[str, Desk], hotline: Hotline) -> None:
    agent, unit = desks["agent"], desks["integration"]
    assert [item["move"] for item in agent.asks("GET", "/moves")["items"]] == ["accept", "refuse", "answer"]
    agent.moves("accept")
    sent = agent.moves("dispatch", organisation="water", helpers=["city"])
    assert (sent["stage"], sent["stage_name"], sent["organisation"], sent["helpers"], sent["level"]) == ("dispatched", "已派单", "water", ["city"], 2)
    assert sent["due_at"] > sent["dispatched_at"]
    assert unit.asks("GET", "/moves")["items"][0] == {"move": "take_up", "label": "办理", "to": "handling", "wants": []}
    unit.moves("take_up")
    unit.moves("reply", reply="已修好，请拨 13800005678")
    for move in ("complete", "revisit"):
        agent.moves(move)
    assert agent.moves("rate", rating="fair")["rating"] == "fair"
    filed = agent.moves("file")
    assert (filed["stage"], filed["due_at"], filed["status"]) == ("filed", None, "open")
    history = agent.asks("GET", "")["history"]
    assert [line["detail"]["move"] for line in history if line["event"] == "moved"] == [
        "accept", "dispatch", "take_up", "reply", "complete", "revisit", "rate", "file"
    ]  # fmt: skip
    assert "13800005678" not in str(history)
    assert agent.asks("GET", "/notes")["items"][0]["text"] == "已修好，请拨 138****5678"
    assert desks["supervisor"].asks("GET", "/notes")["items"][0]["text"] == "已修好，请拨 13800005678"
    assert refusals(hotline) == []


def test_a_refused_move_says_what_is_allowed_is_in_the_audit_and_changes_nothing(desks: dict[str, Desk], hotline: Hotline) -> None:
    last = hotline.store.last_event()
    problem = desks["agent"].moves("complete", 409)
    assert (problem["title"], problem["allowed"]) == ("Conflict", ["accept", "refuse", "answer"])
    assert desks["integration"].moves("accept", 403)["allowed"] == []
    assert "refuse needs reason and way" in desks["agent"].moves("refuse", 422)["detail"]
    assert [action for action, _ in refusals(hotline)] == ["POST /api/tickets/{number_or_id}/moves"] * 3
    assert hotline.store.last_event() == last


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/moves", {"move": "accept", "stage": "filed"}),
        ("POST", "/moves", {"move": ["accept"]}),
        ("POST", "/moves", {"move": "accept'; DROP TABLE tickets; --"}),
        ("POST", "/moves", {"move": "refuse", "reason": "a\x00b", "way": "c"}),
        ("POST", "/moves", {"move": "refuse", "reason": "x" * 4001, "way": "c"}),
        ("PATCH", "", {"number": "1"}),
        ("PATCH", "", {"urgency": "very"}),
        ("PATCH", "", {"category": "<b>"}),
        ("PATCH", "", {"confidential": "yes"}),
        ("PUT", "/transcript", {"text": "\r\n"}),
        ("POST", "/notes", {"text": "\x1b[2J"}),
    ],
)
def test_bad_input_is_refused_with_an_audit_line(desks: dict[str, Desk], hotline: Hotline, method: str, path: str, body: dict[str, Any]) -> None:
    last = hotline.store.last_event()
    assert desks["supervisor"].asks(method, path, body, 422)["detail"]
    assert len(refusals(hotline)) == 1
    assert hotline.store.last_event() == last


def test_html_in_a_reason_stays_text(desks: dict[str, Desk]) -> None:
    desks["agent"].moves("refuse", reason="<script>alert(1)</script>", way="110")
    assert {note["text"] for note in desks["agent"].asks("GET", "/notes")["items"]} == {"<script>alert(1)</script>", "110"}


def test_the_same_request_twice_is_carried_out_once(desks: dict[str, Desk], hotline: Hotline) -> None:
    agent = desks["agent"]
    first = agent.moves("accept", key="a1")
    assert agent.moves("accept", key="a1") == first
    assert "another request" in agent.moves("answer", 422, key="a1", reply="好")["detail"]
    for _ in range(2):
        agent.asks("POST", "/notes", {"text": "已电话核实"}, headers={"Idempotency-Key": "n1"})
    assert len(agent.asks("GET", "/notes")["items"]) == 1


def test_the_words_are_corrected_and_the_first_ones_stay(desks: dict[str, Desk], hotline: Hotline) -> None:
    for text in ("路灯不亮", "路灯不亮了，电话 13800005678"):
        shown = desks["agent"].asks("PUT", "/transcript", {"text": text})
    assert shown["transcript_corrected"] == "路灯不亮了，电话 138****5678"
    assert (shown["transcript"], shown["needs_review"]) == (None, False)
    assert [note["text"] for note in desks["supervisor"].asks("GET", "/notes")["items"]][0] == "路灯不亮"


def test_urgency_and_category_are_put_right(desks: dict[str, Desk], hotline: Hotline) -> None:
    agent = desks["agent"]
    agent.moves("accept")
    shown = agent.asks("PATCH", "", {"urgency": "urgent", "category": "street-lights", "confidential": True, "reply_wanted": False})
    assert (shown["urgency"], shown["category"], shown["confidential"], shown["reply_wanted"]) == ("urgent", "street-lights", True, False)
    line = agent.asks("GET", "")["history"][-1]
    assert (line["event"], line["detail"]["was"]["urgency"]) == ("edited", "ordinary")
    desks["integration"].asks("PATCH", "", {"urgency": "ordinary"}, 403)


def test_who_leads_and_who_helps_changes_after_dispatch_only(desks: dict[str, Desk]) -> None:
    agent, body = desks["agent"], {"organisation": "city", "helpers": ["water"]}
    agent.moves("accept")
    assert "not dispatched" in agent.asks("PUT", "/assignment", body, 409)["detail"]
    agent.moves("dispatch", organisation="water")
    shown = agent.asks("PUT", "/assignment", body)
    assert (shown["organisation"], shown["helpers"], shown["level"], shown["stage"]) == ("city", ["water"], 1, "dispatched")
    assert "no such organisation" in agent.asks("PUT", "/assignment", {"organisation": "x"}, 422)["detail"]


def test_tickets_are_found_by_stage_and_organisation(api: TestClient, desks: dict[str, Desk], hotline: Hotline) -> None:
    desks["agent"].moves("accept")
    found = [len(api.get(f"/api/tickets?{query}", headers=hotline.headers("agent")).json()["items"]) for query in ("stage=to_dispatch", "stage=filed", "organisation=water")]
    assert found == [1, 0, 0]
    assert api.get("/api/tickets?stage=gone", headers=hotline.headers("agent")).status_code == 422


def test_a_ticket_that_is_not_there(api: TestClient, hotline: Hotline) -> None:
    for method, path, body in (("GET", "moves", None), ("POST", "moves", {"move": "accept"}), ("GET", "notes", None)):
        assert api.request(method, f"/api/tickets/nobody/{path}", json=body, headers=hotline.headers("agent")).status_code == 404
