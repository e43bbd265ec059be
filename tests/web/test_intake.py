"""Citizens' words over the API, from a carrier's gateway, and what their systems fetch to tell them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from queues import audit
from tests.web.conftest import Hotline
from tickets.case import Cases, Who
from tickets.intake_tables import Arrival
from tickets.notice_tables import Notice
from tickets.notices import Teller
from tickets.signing import signature
from tickets.sms import Gateway
from web.app import create_app
from web.intake_routes import Doors

LAMP = "人民路12号路灯坏了三天没人修"
MESSAGE = {"channel": "wechat", "message_id": "m1", "sender": "openid-1", "text": LAMP}
SECRET = "carrier"
SMS = Gateway(SECRET, receive={"from": "mobile", "text": "content", "id": "msgid"})
GBK = Gateway(SECRET, charset="gb18030")
HEX = Gateway(SECRET, text_is_hex=True)


class Api:
    def __init__(self, client: TestClient, hotline: Hotline) -> None:
        self.client, self.hotline = client, hotline

    def posts(self, path: str, body: Any, status: int, role: str = "integration") -> dict[str, Any]:
        said = self.client.post(f"/api/{path}", json=body, headers=self.hotline.headers(role))
        assert said.status_code == status, said.text
        answer: dict[str, Any] = said.json()
        return answer

    def sms(self, content: bytes, status: int, headers: dict[str, str] | None = None, kind: str = "application/json", query: str = f"?token={SECRET}") -> str:
        said = self.client.post(f"/api/sms{query}", content=content, headers={"Content-Type": kind, **(headers or {})})
        assert said.status_code == status, said.text
        return said.text


@pytest.fixture
def gateway() -> Gateway:
    return SMS


@pytest.fixture
def api(hotline: Hotline, gateway: Gateway) -> Iterator[Api]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], doors=Doors(b"k" * 32, gateway))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(client, hotline)


def posted(text: str = LAMP, mobile: str = "13800001234", number: str = "1") -> bytes:
    return json.dumps({"mobile": mobile, "content": text, "msgid": number}).encode()


def arrivals(hotline: Hotline) -> list[Arrival]:
    with hotline.store.database.reads() as session:
        return list(session.query(Arrival).order_by(Arrival.id))


def notices(hotline: Hotline) -> list[Notice]:
    with hotline.store.database.reads() as session:
        return list(session.query(Notice).order_by(Notice.id))


def test_a_message_from_another_channel(api: Api) -> None:
    taken = api.posts("intake", MESSAGE, 201)
    assert taken["ticket"] in taken["answer"] and len(taken["pin"]) == 6
    again = api.posts("intake", MESSAGE, 200)
    assert (again["again"], again["ticket"], again["pin"]) == (True, taken["ticket"], None)
    shown = api.client.get(f"/api/tickets/{taken['ticket']}", headers=api.hotline.headers("agent")).json()
    assert (shown["channel"], shown["place"], shown["transcript"], shown["stage"]) == ("wechat", "人民路12号", LAMP, "pending")
    assert api.client.get("/api/tickets?channel=wechat", headers=api.hotline.headers("agent")).json()["items"][0]["number"] == taken["ticket"]


def test_what_is_missing_is_asked_for(api: Api) -> None:
    asked = api.posts("intake", MESSAGE | {"channel": "app", "text": "路灯坏了"}, 202)
    assert (asked["outcome"], asked["missing"], asked["ticket"]) == ("asked", "place", None)
    assert api.posts("intake", MESSAGE | {"channel": "app", "message_id": "m2", "text": "大柳树"}, 201)["outcome"] == "created"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (MESSAGE | {"channel": "telegram"}, "no such channel"), (MESSAGE | {"channel": "sms"}, "door of its own"), (MESSAGE | {"channel": "voice"}, "no such channel"),
        (MESSAGE | {"rank": 1}, "rank"), (MESSAGE | {"text": 5}, "text"), (MESSAGE | {"sender": "a\r\nb"}, "sender"), ({"channel": "wechat"}, "message_id"),
        (MESSAGE | {"type": "'; DROP TABLE tickets;--"}, "type"), (MESSAGE | {"confidential": "yes"}, "confidential"), (MESSAGE | {"text": "字" * 20_001}, "text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_an_audit_line_and_nothing_is_taken(api: Api, body: dict[str, Any], field: str) -> None:
    problem = api.posts("intake", body, 422)
    assert field in problem["detail"]
    assert [line.outcome for line in audit.lines(api.hotline.store.database)] == [audit.REFUSED]
    assert arrivals(api.hotline) == []


@pytest.mark.parametrize("role", ["agent"])
def test_agents_bring_no_messages(api: Api, role: str) -> None:
    api.posts("intake", MESSAGE, 403, role)
    assert api.client.get("/api/notices", headers=api.hotline.headers(role)).status_code == 403


def test_a_channels_system_fetches_what_it_has_to_tell(api: Api) -> None:
    number, store = api.posts("intake", MESSAGE, 201)["ticket"], api.hotline.store
    Cases(store.database).move(number, "accept", Who("agent", "wang"))
    Teller(store, Nobody()).gather()
    url = "/api/notices?by=pull&state=new&channel=wechat"
    (notice,) = api.client.get(url, headers=api.hotline.headers("integration")).json()["items"]
    assert (notice["address"], notice["text"], notice["ticket"]) == ("openid-1", f"您的工单{number}：待派单。", number)
    assert api.posts(f"notices/{notice['id']}/told", None, 200)["state"] == "told"
    assert api.posts(f"notices/{notice['id']}/told", None, 200)["state"] == "told"
    assert api.client.get(url, headers=api.hotline.headers("integration")).json()["items"] == []
    api.posts("notices/01ARZ3NDEKTSV4RRFFQ69G5FAV/told", None, 404)


class Nobody:
    def notify(self, *_: object) -> None:
        raise AssertionError("nothing is sent")


def test_how_a_citizen_is_told_is_chosen(api: Api) -> None:
    number = api.posts("intake", MESSAGE, 201)["ticket"]
    url, agent = f"/api/tickets/{number}/contact", api.hotline.headers("agent")
    assert api.client.put(url, json={"by": "sms", "address": "+86 138-0000-1234"}, headers=agent).json() == {"by": "sms", "address": "138****1234"}
    for wrong in ({"by": "sms", "address": "x"}, {"by": "email", "address": "a@b\r\nBcc: c@d.e"}, {"by": "fax"}):
        assert api.client.put(url, json=wrong, headers=agent).status_code == 422
    assert api.client.put(url, json={"by": "nothing"}, headers=agent).json()["by"] == "nothing"
    assert api.client.put("/api/tickets/20200101-000001/contact", json={"by": "nothing"}, headers=agent).status_code == 404


def test_a_short_message_comes_in_and_is_answered_by_a_notice(api: Api) -> None:
    assert api.sms(posted(), 200) == "OK"
    assert api.sms(posted(), 200) == "OK"  # the gateway tries again
    (notice,) = notices(api.hotline)
    (ticket,) = api.hotline.store.tickets()
    assert (notice.kind, notice.by, notice.address, ticket.caller) == ("answer", "sms", "13800001234", "13800001234")
    assert ticket.number in notice.text and "查询密码" in notice.text
    assert "查询密码" not in arrivals(api.hotline)[0].answer


def test_the_gateway_shows_its_secret_or_signs(api: Api) -> None:
    now = str(int(time.time()))
    signed = {"X-Hotline-Timestamp": now, "X-Hotline-Signature": signature(SECRET.encode(), now, posted())}
    api.sms(posted(), 200, signed, query="")
    old = str(int(time.time()) - 400)
    for headers, query in (
        ({}, ""), ({}, "?token=wrong"), ({"X-Hotline-Token": "wrong"}, ""), (signed | {"X-Hotline-Timestamp": "1" * 5000}, ""),
        ({"X-Hotline-Timestamp": old, "X-Hotline-Signature": signature(SECRET.encode(), old, posted())}, ""),
    ):  # fmt: skip
        api.sms(posted(number="2"), 401, headers, query=query)
    api.sms(posted("别的内容"), 401, signed, query="")
    assert len(arrivals(api.hotline)) == 1


@pytest.mark.parametrize("gateway", [GBK], indirect=False)
def test_a_form_in_gb18030(api: Api) -> None:
    body = b"from=13800001234&id=7&text=" + "".join(f"%{byte:02X}" for byte in LAMP.encode("gb18030")).encode()
    api.sms(body, 200, kind="application/x-www-form-urlencoded; charset=gbk")
    assert api.hotline.store.tickets()[0].transcript == LAMP
    api.sms(b"from=13800001234&id=8&text=%FF%FF%81", 422, kind="application/x-www-form-urlencoded")


@pytest.mark.parametrize("gateway", [HEX], indirect=False)
def test_ucs_2_in_hexadecimal_and_what_only_looks_like_it(api: Api) -> None:
    def body(text: str, number: str) -> bytes:
        return json.dumps({"from": "13800001234", "id": number, "text": text}).encode()

    api.sms(body(LAMP.encode("utf-16-be").hex(), "1"), 200)
    assert api.hotline.store.tickets()[0].transcript == LAMP
    for number, text in enumerate(("4eba6", "zz", "d800", "4eba 00")):  # odd, no figures, half a pair of surrogates, odd
        api.sms(body(text, f"bad{number}"), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"[" * 50_000, b"\xff\xfe", posted(mobile="x"), posted(mobile=""), posted(number=""), posted(number="a\nb"), posted("字" * 20_001)],
)
def test_hostile_bodies_are_refused(api: Api, body: bytes) -> None:
    api.sms(body, 422 if len(body) <= 64_000 else 413)
    assert arrivals(api.hotline) == []


def test_a_body_without_end_is_not_read(api: Api) -> None:
    api.sms(b"x" * 64_001, 413)


def test_without_a_gateway_there_is_no_door(hotline: Hotline) -> None:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: [])) as client:
        assert client.post("/api/sms?token=x", content=b"{}").status_code == 404
