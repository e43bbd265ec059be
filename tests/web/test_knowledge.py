"""The knowledge base over the API and by command: who may write, what everybody reads, what a live phrase brings up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hotline.cli import build
from queues import audit
from tests.tickets.test_knowledge import EXAMPLES
from tests.web.conftest import Hotline

BODY = {"title": "停水了怎么办", "body": "<script>alert(1)</script> 先看**停水公告**。", "categories": ["water"], "owner": "water-company", "review_on": "2027-03-01"}


class Desk:
    def __init__(self, api: TestClient, hotline: Hotline) -> None:
        self.api, self.hotline = api, hotline

    def asks(self, role: str, method: str, path: str, status: int = 200, body: Any = None, **query: Any) -> dict[str, Any]:
        said = self.api.request(method, f"/api/{path}", json=body, params=query, headers=self.hotline.headers(role))
        assert said.status_code == status, said.text
        assert said.headers["content-type"].startswith("application/")
        answer: dict[str, Any] = said.json()
        return answer


def test_written_by_a_supervisor_read_by_an_agent(api: TestClient, hotline: Hotline) -> None:
    desk = Desk(api, hotline)
    assert "may not write articles" in desk.asks("agent", "PUT", "knowledge/water", 403, BODY)["detail"]
    desk.asks("supervisor", "PUT", "knowledge/water", body=BODY)
    assert desk.asks("agent", "GET", "knowledge", newest=True)["items"] == []
    desk.asks("agent", "GET", "knowledge/water", 404, newest=True, version=1)
    desk.asks("supervisor", "POST", "knowledge/water/state", body={"state": "published"})
    read = desk.asks("agent", "GET", "knowledge/water")
    assert (read["body"], read["version"], read["state"]) == (BODY["body"], 1, "published")
    assert [row["code"] for row in desk.asks("agent", "GET", "knowledge", q="停水 公告")["items"]] == ["water"]
    assert "is at version 1" in desk.asks("supervisor", "PUT", "knowledge/water", 409, BODY)["detail"]
    desk.asks("supervisor", "PUT", "knowledge/water", body=BODY | {"title": "停水", "base": 1})
    assert desk.asks("agent", "GET", "knowledge/water", newest=True)["title"] == BODY["title"]
    assert [row["version"] for row in desk.asks("supervisor", "GET", "knowledge/water/versions")["items"]] == [2, 1]
    said = [(line.action, line.outcome) for line in audit.lines(hotline.store.database)]
    assert ("knowledge.published", "done") in said and ("PUT /api/knowledge/{code}", "refused") in said


def test_pages_and_bad_questions(api: TestClient, hotline: Hotline) -> None:
    desk = Desk(api, hotline)
    for code in "abc":
        desk.asks("administrator", "PUT", f"knowledge/{code}", body=BODY)
        desk.asks("administrator", "POST", f"knowledge/{code}/state", body={"state": "published"})
    first = desk.asks("agent", "GET", "knowledge", limit=2)
    assert (first["next"], [row["code"] for row in desk.asks("agent", "GET", "knowledge", limit=2, cursor=first["next"])["items"]]) == ("b", ["c"])
    assert len(desk.asks("agent", "GET", "knowledge", due="2027-03-01")["items"]) == 3 and desk.asks("agent", "GET", "knowledge", due="2027-02-28")["items"] == []
    for query in ({"q": "？"}, {"q": "水" * 101}, {"due": "soon"}, {"state": "lost"}, {"limit": 0}):
        desk.asks("agent", "GET", "knowledge", 422, **query)
    for body in (BODY | {"html": True}, BODY | {"review_on": "bald"}, BODY | {"owner": "x' OR 1=1"}, BODY | {"title": ""}):
        desk.asks("supervisor", "PUT", "knowledge/d", 422, body)
    desk.asks("supervisor", "PUT", "knowledge/suggestions", 422, BODY)
    desk.asks("supervisor", "POST", "knowledge/none/state", 404, {"state": "withdrawn"})
    desk.asks("agent", "GET", "tickets/none/suggestions", 404)


def test_suggestions_and_the_commands(api: TestClient, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(hotline.home))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", f"sqlite:///{hotline.home / 'hotline.sqlite3'}")

    def command(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(build(), ["knowledge", *words])
        assert done.exit_code == code, done.output
        return done.stdout

    taken = json.loads(command("import", str(EXAMPLES), "--publish", "--json"))
    assert {row["what"] for row in taken["items"]} == {"new"}
    assert [row["code"] for row in json.loads(command("search", "噪音", "--json"))["items"]] == ["night-noise"]
    assert "停水公告" in command("show", "water-outage") and "published" in command("list")
    assert [row["code"] for row in json.loads(command("due", "--by", "2026-11-22", "--json", code=1))["items"]] == ["heating-cold"]
    command("due", "--by", "2026-01-01")
    command("withdraw", "heating-cold")
    command("withdraw", "heating-cold", code=1)
    command("publish", "heating-cold")
    command("search", "！", code=1)

    desk = Desk(api, hotline)
    found = desk.asks("agent", "GET", "knowledge/suggestions", text="我们这儿停水三天了")["items"]
    assert (found[0]["code"], found[0]["words"][0]) == ("water-outage", "停水")
    number = hotline.leave("voicemail").number
    assert desk.asks("agent", "GET", f"tickets/{number}/suggestions")["items"] == []
    desk.asks("supervisor", "PATCH", f"tickets/{number}", body={"category": "waste"})
    assert [row["code"] for row in desk.asks("agent", "GET", f"tickets/{number}/suggestions")["items"]] == ["rubbish"]
