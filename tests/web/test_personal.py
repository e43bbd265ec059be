"""Who sees what of a citizen: by role and stated reason, never the accused, only supervisors where it was asked for; each look written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ivr.organisations import Organisation
from queues import audit
from tests.web.conftest import CALLER, Hotline
from tickets.deadlines import Rules
from tickets.models import Ticket
from tickets.transcriber import Transcript
from web.app import create_app

WORDS = "我是张三，路灯坏了，电话13800001234，邮箱zhang@example.cn"
FOUND = {"fields": {"persons": [{"value": "张三", "words": "张三"}], "phones": [{"value": CALLER, "words": CALLER}]}, "changes": [], "reasons": []}
UNITS = {code: Organisation(code, code, 1) for code in ("water", "street")}
SECRETS = (CALLER, "王<b>", "张三", "zhang@")


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: Rules(organisations=UNITS))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def ticket(hotline: Hotline) -> Ticket:
    """A message whose words are known, with the water company."""
    made = hotline.leave("voicemail")
    hotline.store.record_transcript(made.id, Transcript(WORDS, "我是 张三 路灯 坏 了", "play", "none", findings=FOUND))
    with hotline.store.database.writes() as session:
        row = session.get_one(Ticket, made.id)
        row.organisation, row.stage = "water", "dispatched"
    return hotline.store.ticket(made.number)


def change(hotline: Hotline, ticket: Ticket, **fields: Any) -> None:
    with hotline.store.database.writes() as session:
        for name, value in fields.items():
            setattr(session.get_one(Ticket, ticket.id), name, value)


def lines(hotline: Hotline) -> list[tuple[str, str, str, str]]:
    """What the audit says of reading, oldest first."""
    found = [line for line in audit.lines(hotline.store.database) if line.action.startswith("personal.")]
    return [(line.role, line.target, line.outcome, line.reason) for line in reversed(found)]


def bare(hotline: Hotline, role: str) -> dict[str, str]:
    return {"Authorization": hotline.headers(role)["Authorization"]}


def unit(hotline: Hotline, code: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {hotline.store.tokens.create('integration', organisation=code)[1]}", "X-Hotline-Reason": "handling"}


def test_without_a_reason_numbers_and_names_are_masked_for_every_role(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    for role in hotline.tokens:
        for url in (f"/api/tickets/{ticket.number}", "/api/tickets"):
            said = api.get(url, headers=bare(hotline, role)).text
            assert not any(secret in said for secret in SECRETS), role
            assert "138****1234" in said and "张**" in said and "z***@example.cn" in said
    assert lines(hotline) == []


@pytest.mark.parametrize("how", ["header", "parameter"])
def test_with_a_reason_it_is_seen_and_each_look_is_written_down(api: TestClient, hotline: Hotline, ticket: Ticket, how: str) -> None:
    given = {"headers": bare(hotline, "supervisor") | ({"X-Hotline-Reason": "%E5%9B%9E%E8%AE%BF"} if how == "header" else {})}
    query = "" if how == "header" else "?reason=回访"
    shown = api.get(f"/api/tickets/{ticket.number}{query}", **given).json()
    assert (shown["caller"], shown["caller_name"], shown["transcript"]) == (CALLER, "王<b>", WORDS)
    (line,) = lines(hotline)
    assert line[:3] == ("supervisor", ticket.number, "done")
    assert line[3].endswith(": 回访") and {"caller", "caller_name", "transcript", "findings"} <= set(line[3].split(": ")[0].split(", "))
    assert not any(secret in str(line) for secret in SECRETS), "names of fields, never what they hold"
    hotline.leave("fax")
    api.get(f"/api/tickets{query}", **given)
    assert len(lines(hotline)) == 3, "one for each ticket of a list"


def test_a_reason_makes_no_agent_a_supervisor(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    shown = api.get(f"/api/tickets/{ticket.number}", headers=hotline.headers("agent")).json()
    assert (shown["caller"], shown["transcript_raw"]) == ("138****1234", None)
    assert lines(hotline) == []


@pytest.mark.parametrize("reason", ["x" * 201, "a\nb", "%0aSet-Cookie"])
def test_a_reason_that_is_none_is_refused(api: TestClient, hotline: Hotline, ticket: Ticket, reason: str) -> None:
    answer = api.get(f"/api/tickets/{ticket.number}", headers=bare(hotline, "supervisor"), params={"reason": reason})
    assert answer.status_code == 422 or reason.startswith("%")
    encoded = bare(hotline, "supervisor") | {"X-Hotline-Reason": reason.replace("\n", "%0A")}
    assert api.get(f"/api/tickets/{ticket.number}", headers=encoded).status_code == 422


def test_a_voice_is_heard_for_a_reason_only(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    url = f"/api/tickets/{ticket.number}/audio"
    answer = api.get(url, headers=bare(hotline, "agent"))
    assert answer.status_code == 403 and "X-Hotline-Reason" in answer.json()["detail"]
    assert api.get(url, headers=hotline.headers("agent")).content[:4] == b"RIFF"
    assert [(line[2], line[3].split(":")[0]) for line in lines(hotline)] == [("refused", "recording"), ("done", "recording")]


def test_the_accused_never_sees_who_complained_even_when_it_handles(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    api.patch(f"/api/tickets/{ticket.number}", headers=hotline.headers("supervisor"), json={"accused": "water"})
    note = api.post(f"/api/tickets/{ticket.number}/notes", headers=hotline.headers("supervisor"), json={"text": f"张三 {CALLER} 已联系"})
    assert note.status_code == 200
    water = unit(hotline, "water")
    base = f"/api/tickets/{ticket.number}"
    for url in (base, "/api/tickets", f"{base}/notes"):
        said = api.get(url, headers=water).text
        assert "路灯坏了" in said or "已联系" in said, "it sees what it has to handle"
        assert not any(secret in said for secret in (*SECRETS, "138****", '"1.1"')), url
    shown = api.get(base, headers=water).json()
    assert (shown["caller"], shown["caller_name"], shown["linkedid"], shown["audio"], shown["findings"]) == ("", "", "", None, None)
    for part in ("audio", "document", "preview"):
        assert api.get(f"{base}/{part}", headers=water).status_code in (403, 404)
    moved = api.post(f"{base}/moves", headers=water, json={"move": "take_up"})
    assert moved.status_code == 200 and CALLER not in moved.text
    assert lines(hotline)[-1][:3] == ("integration", ticket.number, "refused")


def test_a_unit_reads_its_own_tickets_and_nothing_of_the_floor(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    street, water = unit(hotline, "street"), unit(hotline, "water")
    assert api.get(f"/api/tickets/{ticket.number}", headers=water).json()["caller"] == CALLER, "not accused, and it said why"
    assert api.get("/api/tickets", headers=street).json()["items"] == []
    for method, path in (("GET", ""), ("GET", "/audio"), ("GET", "/notes"), ("GET", "/moves"), ("GET", "/suggestions"), ("GET", "/attachments"), ("POST", "/notes"), ("POST", "/moves")):
        body = {"json": {"text": "x"} if path == "/notes" else {"move": "take_up"}} if method == "POST" else {}
        assert api.request(method, f"/api/tickets/{ticket.number}{path}", headers=street, **body).status_code == 404, path
    assert api.get("/api/tickets?organisation=water", headers=street).status_code == 403
    for url in ("/api/calls", "/api/records", "/api/events", "/api/audit", "/api/queues", "/api/surges"):
        assert api.get(url, headers=water).status_code == 403, url
    with pytest.raises(ValueError, match="role integration"):
        hotline.store.tokens.create("supervisor", organisation="water")


def test_confidential_on_request_only_supervisors_see_who_it_was(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    change(hotline, ticket, confidential=True)
    seen = {role: api.get(f"/api/tickets/{ticket.number}", headers=hotline.headers(role)).json()["caller"] for role in hotline.tokens}
    assert seen == {"agent": "", "supervisor": CALLER, "administrator": CALLER, "integration": ""}
    heard = {role: api.get(f"/api/tickets/{ticket.number}/audio", headers=hotline.headers(role)).status_code for role in hotline.tokens}
    assert heard == {"agent": 403, "supervisor": 200, "administrator": 200, "integration": 403}
    assert api.get(f"/api/tickets/{ticket.number}", headers=unit(hotline, "water")).json()["caller"] == ""


@pytest.mark.parametrize("fields", [{"confidential": True}, {"accused": "water"}])
def test_what_is_handed_over_says_nothing_of_them_either(hotline: Hotline, ticket: Ticket, fields: dict[str, Any]) -> None:
    from tickets import wire

    assert CALLER in json.dumps(wire.ticket(ticket, show_caller=True))
    change(hotline, ticket, **fields)
    sent = json.dumps(wire.ticket(hotline.store.ticket(ticket.number), show_caller=True), ensure_ascii=False)
    assert "路灯坏了" in sent and not any(secret in sent for secret in SECRETS)


def test_tickets_of_a_number_are_found_by_its_mark_for_a_reason(api: TestClient, hotline: Hotline, ticket: Ticket) -> None:
    hotline.store.open_draft("9.9", "help", "12345", "13900005678", "12345", "1001")
    find = lambda role, number, why: api.get("/api/tickets", params={"caller": number}, headers=hotline.headers(role) if why else bare(hotline, role))  # noqa: E731
    for number in (CALLER, "+86 138-0000-1234"):
        assert [item["number"] for item in find("supervisor", number, True).json()["items"]] == [ticket.number]
    assert find("supervisor", "13811111111", True).json()["items"] == []
    assert [find("agent", CALLER, True).status_code, find("supervisor", CALLER, False).status_code, find("supervisor", "x';--", True).status_code] == [403, 403, 422]
    searched = [line for line in audit.lines(hotline.store.database) if line.action == "personal.search"]
    assert [line.outcome for line in reversed(searched)] == ["done"] * 3 + ["refused"] * 2
    assert all(line.target in ("138****1234", "+86****1234", "138****1111") for line in searched)


def test_callers_of_the_floor_need_a_reason_too(api: TestClient, hotline: Hotline, busy_floor: None) -> None:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], floor=lambda: hotline.floor)
    with TestClient(app) as floor:
        for url in ("/api/calls", "/api/queues"):
            assert CALLER not in floor.get(url, headers=bare(hotline, "supervisor")).text
            assert CALLER in floor.get(url, headers=hotline.headers("supervisor")).text
    assert [(line[1], line[3]) for line in lines(hotline)] == [("/api/calls", "caller: a test"), ("/api/queues", "caller: a test")]
