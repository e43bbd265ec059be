"""/api/agents over HTTP: administrators make people, agents mind their own shift; every refusal is a problem and audited."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from queues import audit
from queues.actor import STAFF, Actor, Refused, only_themselves
from queues.desk import Desk
from tests.web.conftest import Hotline

LI = {"login": "li", "name": "李明", "work_number": "1024", "skills": {"tax": 7}}


@pytest.fixture
def own(hotline: Hotline) -> dict[str, str]:
    """A token that is li's own."""
    return {"Authorization": f"Bearer {hotline.store.tokens.create('agent', agent='li')[1]}"}


@pytest.fixture
def desk(hotline: Hotline) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """A telephony process that notes what it is asked; `wang` is somebody else everywhere."""
    asked: list[tuple[str, dict[str, Any]]] = []
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def written(line: audit.Line) -> None:
        audit.write(hotline.store.database, line)

    async def shift(by: Actor, login: str, **fields: Any) -> dict[str, Any]:
        only_themselves(by, login)
        asked.append((str(by), {"login": login, **fields}))
        if fields.get("phone") == "9999":
            raise Refused(404, "Not Found", "there is no phone '9999'")
        return {"agent": login, "state": "available", "phone": "1001", "queues": []}

    async def run() -> None:
        made = Desk(written)
        for what in ("login", "logout", "pause", "ready", "changed"):
            made.add(f"agent.{what}", shift, roles=STAFF, target="login")
        await made.open(hotline.home)
        ready.set()
        await end.wait()
        await made.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(10)
    yield asked
    loop.call_soon_threadsafe(end.set)
    thread.join(10)
    assert not thread.is_alive()


def last(hotline: Hotline) -> tuple[str, str, str, str]:
    line = audit.lines(hotline.store.database, 1)[0]
    return line.actor.partition(" ")[0], line.action, line.target, line.outcome


def test_an_administrator_makes_changes_and_removes_people(api: TestClient, hotline: Hotline) -> None:
    root = hotline.headers("administrator")
    made = api.post("/api/agents", json=LI | {"pin": "4711"}, headers=root)
    assert made.status_code == 201 and "4711" not in made.text
    assert api.patch("/api/agents/li", json={"level": 5, "wrapup_seconds": 20}, headers=root).json()["level"] == 5
    assert api.patch("/api/agents/li", json={"wrapup_seconds": None}, headers=root).json()["wrapup_seconds"] is None
    found = api.get("/api/agents/li", headers=hotline.headers("agent")).json()
    assert (found["name"], found["skills"], found["has_pin"], found["level"]) == ("李明", {"tax": 7}, True, 5)
    [listed] = api.get("/api/agents", headers=hotline.headers("agent")).json()["items"]
    assert (listed["login"], listed["state"], listed["phone"]) == ("li", "logged_out", "")
    assert [one["login"] for one in api.get("/api/people", headers=hotline.headers("agent")).json()["items"]] == ["li"]
    assert api.put("/api/agents/li/pin", json={"pin": "2580"}, headers=root).status_code == 204
    assert api.delete("/api/agents/li", headers=root).status_code == 204
    assert api.get("/api/agents/li", headers=root).status_code == 404
    lines = api.get("/api/audit", headers=root).json()["items"]
    assert [line["action"] for line in lines] == ["agent.remove", "agent.pin", "agent.edit", "agent.edit", "agent.add"]


@pytest.mark.parametrize("role", ["agent", "supervisor", "integration"])
def test_who_may_not_make_people_is_refused_and_noted(api: TestClient, hotline: Hotline, role: str) -> None:
    for method, path in (("post", "/api/agents"), ("patch", "/api/agents/li"), ("delete", "/api/agents/li"), ("put", "/api/agents/li/pin")):
        body = {} if method == "delete" else {"json": LI if method == "post" else {}}
        answer = getattr(api, method)(path, headers=hotline.headers(role), **body)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        template = path.replace("/li", "/{login}")
        assert last(hotline) == ("token", f"{method.upper()} {template}", "" if method == "post" else "li", "refused")
    assert api.get("/api/agents", headers=hotline.headers(role)).json()["items"] == []


@pytest.mark.parametrize(
    "body", [{}, {"login": "Li", **{k: v for k, v in LI.items() if k != "login"}}, LI | {"skills": {"tax": 99}}, LI | {"pin": "1"}, LI | {"salary": 1}]
)
def test_wrong_people_are_problems(api: TestClient, hotline: Hotline, body: dict[str, Any]) -> None:
    answer = api.post("/api/agents", json=body, headers=hotline.headers("administrator"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert api.get("/api/people", headers=hotline.headers("administrator")).json()["items"] == []


def test_agents_mind_their_own_shift(api: TestClient, hotline: Hotline, own: dict[str, str], desk: list[Any]) -> None:
    for path, body in (("login", {"phone": "1001"}), ("pause", {"reason": "meal"}), ("ready", None), ("logout", None)):
        assert api.post(f"/api/agents/li/{path}", json=body, headers=own).json()["state"] == "available"
        assert last(hotline) == ("agent", f"agent.{path}", "li", "done")
        answer = api.post(f"/api/agents/wang/{path}", json=body, headers=own)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        assert last(hotline) == ("agent", f"agent.{path}", "wang", "refused")
        assert api.post(f"/api/agents/wang/{path}", json=body, headers=hotline.headers("supervisor")).status_code == 200
        assert api.post(f"/api/agents/li/{path}", json=body, headers=hotline.headers("integration")).status_code == 403
        assert api.post(f"/api/agents/li/{path}", json=body, headers=hotline.headers("agent")).status_code == 403, "a token of nobody in particular"
    assert {by for by, fields in desk if fields["login"] == "li"} == {"agent li"}


def test_a_refusal_of_the_floor_is_a_problem(api: TestClient, own: dict[str, str], desk: list[Any]) -> None:
    answer = api.post("/api/agents/li/login", json={"phone": "9999"}, headers=own)
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no phone '9999'")


def test_without_telephony_it_is_said(api: TestClient, hotline: Hotline, own: dict[str, str]) -> None:
    answer = api.post("/api/agents/li/ready", headers=own)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    root = hotline.headers("administrator")
    api.post("/api/agents", json=LI, headers=root)
    assert api.patch("/api/agents/li", json={"level": 2}, headers=root).status_code == 200, "people are edited all the same"


def test_only_leaders_read_the_audit(api: TestClient, hotline: Hotline) -> None:
    assert [api.get("/api/audit", headers=hotline.headers(role)).status_code for role in ("agent", "integration", "supervisor", "administrator")] == [403, 403, 200, 200]
