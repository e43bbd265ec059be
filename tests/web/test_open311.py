"""Open311 GeoReport v2, field by field as wiki.open311.org/GeoReport_v2 has it; and what no stranger may learn by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from ivr.organisations import Organisation
from queues import audit
from tests.web.conftest import Hotline
from tickets.case import Cases, Said, Who
from tickets.deadlines import Rules
from tickets.open311 import Service
from web.app import create_app
from web.open311_routes import Provider

RULES = Rules(organisations={"city": Organisation("city", "市政府", 1)})
LIGHTS = Service("street-lights", "路灯", "公共服务", ("路灯", "不亮"))
PROVIDER = Provider(services=lambda: [LIGHTS], jurisdiction_id="dongying.gov.cn", contact="电话 12345", key_service="向热线索取", changeset=lambda: "2026-11-22 10:00")
FORM = {"service_code": "street-lights", "address_string": "黄河路 12 号", "description": "路灯不亮，找 13800005678\n第二行", "phone": "13800001234", "last_name": "王", "first_name": "小明", "email": "w@example.cn"}
FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice",
    "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip
AGENT = Who("agent", "agent li")


@pytest.fixture
def provider() -> Provider:
    return PROVIDER


@pytest.fixture
def api(hotline: Hotline, provider: Provider) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: RULES, open311=provider), raise_server_exceptions=False) as client:
        yield client


class App:
    """A citizens' program with a key."""

    def __init__(self, api: TestClient, hotline: Hotline) -> None:
        self.api, self.key, self.hotline, self.sent = api, hotline.tokens["integration"], hotline, 1233

    def hands_in(self, status: int = 200, /, headers: dict[str, str] | None = None, end: str = ".json", **form: Any) -> Any:
        self.sent += 1  # another person each time, or it would be the same matter again
        given = {name: value for name, value in (FORM | {"api_key": self.key, "device_id": f"phone-{self.sent}", "phone": f"1380000{self.sent:04}"} | form).items() if value is not None}
        said = self.api.post(f"/open311/v2/requests{end}", data=given, headers=headers)
        assert said.status_code == status, said.text
        return said.json() if end == ".json" else said

    def number(self, **form: Any) -> str:
        number: str = self.hands_in(**form)[0]["service_request_id"]
        return number

    def asks(self, path: str, status: int = 200, /, **query: Any) -> Any:
        said = self.api.get(f"/open311/v2/{path}", params=query)
        assert said.status_code == status, said.text
        return said.json()

    def moves(self, number: str, *moves: tuple[str, Said]) -> None:
        for name, said in moves:
            Cases(self.hotline.store.database, lambda: RULES).move(number, name, AGENT, said)


@pytest.fixture
def app(api: TestClient, hotline: Hotline) -> App:
    return App(api, hotline)


def numbers(found: Any) -> list[str]:
    return [request["service_request_id"] for request in found]


DONE = (("accept", Said()), ("dispatch", Said(organisation="city")), ("take_up", Said()), ("reply", Said(reply="已修好，电话 13800009999")), ("complete", Said()))


# Discovery and services ------------------------------------------------------------------------------------------------


def test_discovery_has_every_field_in_both_forms(api: TestClient) -> None:
    said = api.get("/open311/discovery.json").json()
    assert list(said) == ["changeset", "contact", "key_service", "endpoints"]
    endpoint = said["endpoints"][0]
    assert list(endpoint) == ["specification", "url", "changeset", "type", "formats"]
    assert (endpoint["specification"], endpoint["type"]) == ("http://wiki.open311.org/GeoReport_v2", "production")
    assert (endpoint["url"], endpoint["formats"]) == ("http://testserver/open311/v2", ["text/xml", "application/json"])
    tree = ElementTree.fromstring(api.get("/open311/discovery.xml").content)
    assert (tree.tag, [e.tag for e in tree]) == ("discovery", list(said))
    assert [f.text for f in tree.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_services_are_the_citys_categories(app: App, api: TestClient) -> None:
    first, last = app.asks("services.json")
    assert first == {
        "service_code": "street-lights", "service_name": "路灯", "description": "路灯、不亮", "metadata": True, "type": "realtime", "keywords": "路灯,不亮", "group": "公共服务",
    }  # fmt: skip
    assert last["service_code"] == "other"
    said = api.get("/open311/v2/services.xml")
    assert said.headers["content-type"] == "text/xml; charset=utf-8"
    assert said.content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    service = ElementTree.fromstring(said.content).find("service")
    assert service is not None
    assert [(e.tag, e.text) for e in service][3:5] == [("metadata", "true"), ("type", "realtime")]


def test_a_service_definition_has_every_field(app: App, api: TestClient) -> None:
    said = app.asks("services/street-lights.json")
    assert said["service_code"] == "street-lights"
    kind = said["attributes"][0]
    assert list(kind) == ["variable", "code", "datatype", "required", "datatype_description", "order", "description", "values"]
    assert (kind["variable"], kind["code"], kind["datatype"], kind["required"], kind["order"]) == (True, "type", "singlevaluelist", False, 1)
    assert kind["values"][2] == {"key": "complaint", "name": "投诉"}
    tree = ElementTree.fromstring(api.get("/open311/v2/services/street-lights.xml").content)
    assert [e.text for e in tree.findall("attributes/attribute/values/value/key")][-2:] == ["yes", "no"]
    assert app.asks("services/holes.json", 404) == [{"code": 404, "description": "service_code was not found: holes"}]


# Handing in ------------------------------------------------------------------------------------------------------------


def test_a_request_becomes_a_ticket(app: App, hotline: Hotline) -> None:
    said = app.hands_in(lat="37.43", long="118.67", **{"attribute[type]": "complaint"}, account_id="u7")
    assert [*said[0]] == ["service_request_id", "service_notice", "account_id"]
    ticket = hotline.store.ticket(said[0]["service_request_id"])
    assert (ticket.channel, ticket.category, ticket.type, ticket.status, ticket.stage) == ("open311", "street-lights", "complaint", "open", "pending")
    assert (ticket.caller, ticket.caller_name) == ("13800001234", "王小明")
    assert said[0]["account_id"] == "u7"
    assert [line.event for line in hotline.store.history(ticket_id=ticket.id)] == ["received"]
    assert hotline.store.outbox.of_ticket(ticket.id)


def test_what_is_shown_has_every_field_and_nobodys_name(app: App, api: TestClient) -> None:
    number = app.number(lat="37.43", long="118.67", media_url="https://example.cn/a.jpg")
    (shown,) = app.asks(f"requests/{number}.json")
    assert list(shown) == FIELDS
    assert shown | {"requested_datetime": "", "updated_datetime": ""} == {
        "service_request_id": number, "status": "open", "status_notes": "待受理", "service_name": "路灯", "service_code": "street-lights",
        "description": "路灯不亮，找 138****5678\n第二行", "agency_responsible": None, "service_notice": None, "requested_datetime": "", "updated_datetime": "",
        "expected_datetime": None, "address": "黄河路 12 号", "address_id": None, "zipcode": None, "lat": 37.43, "long": 118.67, "media_url": "https://example.cn/a.jpg",
    }  # fmt: skip
    assert datetime.fromisoformat(shown["requested_datetime"]).utcoffset() is not None
    for form in ("json", "xml"):
        text = api.get(f"/open311/v2/requests/{number}.{form}").text + api.get(f"/open311/v2/requests.{form}").text
        assert not any(secret in text for secret in ("13800001234", "王小明", "小明", "w@example.cn", "13800005678"))
    tree = ElementTree.fromstring(api.get(f"/open311/v2/requests/{number}.xml").content)
    assert (tree.tag, [e.tag for e in tree[0]]) == ("service_requests", FIELDS)
    assert tree[0].findtext("zipcode") == ""


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"api_key": None}, 403, "api_key was not provided"),
    ({"api_key": "hl_wrong"}, 403, "not known"),
    ({"service_code": None}, 400, "service_code was not provided"),
    ({"service_code": "holes"}, 404, "service_code was not found: holes"),
    ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id was not found: sfgov.org"),
    ({"address_string": None}, 400, "a location is needed"),
    ({"address_string": "  "}, 400, "a location is needed"),
    ({"lat": "37.4"}, 400, "lat and long are given together"),
    ({"lat": "91", "long": "1"}, 400, "lat is a number of degrees"),
    ({"lat": "nan", "long": "1"}, 400, "lat is a number of degrees"),
    ({"lat": "1", "long": "inf"}, 400, "long is a number of degrees"),
    ({"description": "x" * 4001}, 400, "4001 characters"),
    ({"description": "\x00"}, 400, "control characters"),
    ({"last_name": "a\r\nX: b"}, 400, "last_name holds line breaks"),
    ({"email": "a\x1bb"}, 400, "email holds line breaks"),
    ({"first_name": "x" * 61}, 400, "first_name has 61 characters"),
    ({"phone": "'; DROP TABLE tickets; --"}, 400, "phone is a telephone number"),
    ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
    ({"media_url": "http://[::1"}, 400, "media_url"),
    ({"attribute[type]": "x"}, 400, "attribute[type] is one of consultation"),
    ({"attribute[colour]": "x"}, 400, "there is no attribute colour"),
    ({"phone": ["1", "2"]}, 400, "phone was given 2 times"),
]


def test_what_is_refused_says_so_and_changes_nothing(app: App, hotline: Hotline) -> None:
    for changed, status, words in REFUSED:
        faults = app.hands_in(status, **changed)
        assert [list(fault) for fault in faults] == [["code", "description"]] * len(faults)
        assert (words in str(faults), faults[0]["code"]) == (True, status), (changed, faults)
    assert hotline.store.count() == 0
    known = [changed for changed, *_ in REFUSED if "api_key" not in changed and "jurisdiction_id" not in changed]
    assert [line.outcome for line in audit.lines(hotline.store.database)] == [audit.REFUSED] * len(known)


def test_all_that_is_wrong_is_said_at_once(app: App) -> None:
    faults = app.hands_in(404, service_code="holes", lat="x", long="y", address_string=None)
    assert [fault["code"] for fault in faults] == [404, 400, 400]


def test_a_body_that_is_no_form_is_refused(api: TestClient) -> None:
    form = "application/x-www-form-urlencoded"
    for kind, body in (("application/json", b"{}"), (form, b"description=%ff%fe"), (form, b"a=1&" * 200), (form, b"description=" + b"x" * 70_000), (form, b"\xff\xff")):
        said = api.post("/open311/v2/requests.xml", content=body, headers={"Content-Type": kind})
        assert said.status_code == 400, body[:20]
        assert ElementTree.fromstring(said.content).findtext("error/code") == "400"


def test_a_key_may_also_be_a_bearer_token_and_another_role_is_told_no(app: App, hotline: Hotline) -> None:
    assert app.hands_in(api_key=None, headers=hotline.headers("agent"))


def test_the_same_key_twice_is_one_ticket(app: App, hotline: Hotline) -> None:
    again = [app.number(headers={"Idempotency-Key": "k1"}, phone="13800001234", device_id="x") for _ in range(2)]
    assert again[0] == again[1]
    assert "another message's" in app.hands_in(400, headers={"Idempotency-Key": "k1"}, description="停电")[0]["description"]
    assert app.number(headers={"Idempotency-Key": "k2"}) != again[0]
    assert hotline.store.count() == 2


def test_the_one_intake_judges_it(app: App, hotline: Hotline) -> None:
    """The same person's same matter finds its ticket; what is nothing is asked for; a city may take none."""
    first = app.number(account_id="u1")
    again = app.hands_in(account_id="u1")[0]
    assert (again["service_request_id"], "已在办理" in again["service_notice"]) == (first, True)
    assert hotline.store.ticket(first).repeats == 1
    ticket = hotline.store.ticket(app.number(description=None, media_url="https://example.cn/a.jpg"))
    assert (ticket.transcript, ticket.place) == ("路灯", "黄河路 12 号")
    assert "内容" in app.hands_in(400, description="的")[0]["description"]


def test_html_and_a_withdrawn_emoji_stay_text(app: App, api: TestClient) -> None:
    number = app.number(description="<script>alert(1)</script> & 😀", address_string="<b>")
    tree = ElementTree.fromstring(api.get(f"/open311/v2/requests/{number}.xml").content)
    assert (tree.findtext("request/description"), tree.findtext("request/address")) == ("<script>alert(1)</script> & 😀", "<b>")


# Asking ----------------------------------------------------------------------------------------------------------------


def test_a_life_as_open311_sees_it(app: App, hotline: Hotline) -> None:
    number = app.number()
    seen = []
    for name, said in (*DONE, ("revisit", Said()), ("rate", Said(rating="fair")), ("file", Said())):
        app.moves(number, (name, said))
        (shown,) = app.asks(f"requests/{number}.json")
        seen.append((shown["status"], shown["status_notes"]))
        if name == "complete":
            closed = shown["updated_datetime"]
    assert seen == [
        ("open", "待派单"), ("open", "已派单"), ("open", "办理中"), ("open", "已答复"), ("closed", "已办结"), ("closed", "待回访"), ("closed", "已评价"), ("closed", "已归档"),
    ]  # fmt: skip
    assert shown["updated_datetime"] == closed
    assert (shown["agency_responsible"], shown["expected_datetime"]) == ("市政府", None)
    (with_key,) = app.asks(f"requests/{number}.json", api_key=app.key)
    assert with_key["status_notes"] == "已归档：已修好，电话 138****9999"


def test_not_accepted_and_answered_at_once_are_closed(app: App) -> None:
    for move in (("refuse", Said(reason="已诉讼", way="法院")), ("answer", Said(reply="24 小时"))):
        number = app.number()
        app.moves(number, move)
        assert app.asks(f"requests/{number}.json")[0]["status"] == "closed"
        assert numbers(app.asks("requests.json", status="closed")) == [number]
        app.moves(number, ("reopen", Said(reason="不满意")))
        assert app.asks(f"requests/{number}.json")[0]["status"] == "open"
        assert app.asks("requests.json", status="closed") == []


def test_strangers_see_neither_confidential_requests_nor_calls(app: App, hotline: Hotline) -> None:
    secret = app.number(**{"attribute[confidential]": "yes"})
    call, shown = hotline.leave("voicemail").number, app.number()
    assert numbers(app.asks("requests.json")) == [shown]
    for number in (secret, call):
        assert app.asks(f"requests/{number}.json", 404)[0]["code"] == 404
        assert app.asks("requests.json", service_request_id=number) == []
    assert numbers(app.asks("requests.json", api_key=app.key)) == [shown, call]
    assert app.asks("requests.json", 403, api_key="hl_none")[0]["code"] == 403


def test_a_draft_is_nobodys(app: App, hotline: Hotline) -> None:
    hotline.store.open_draft("9.9", "complaint", "12345-1", "13800001234", "12345", "1001")
    assert app.asks("requests.json", api_key=app.key) == []


def test_requests_are_found_by_number_code_and_status(app: App) -> None:
    first, second, third = app.number(), app.number(service_code="other"), app.number()
    app.moves(first, *DONE)
    assert numbers(app.asks("requests.json")) == [third, second, first]
    assert numbers(app.asks("requests.json", service_code="other")) == [second]
    assert numbers(app.asks("requests.json", service_code="other,street-lights", status="open")) == [third, second]
    assert numbers(app.asks("requests.json", service_code=["other", "none"])) == [second]
    assert numbers(app.asks("requests.json", status="open,closed")) == [third, second, first]
    assert numbers(app.asks("requests.json", service_request_id=f"{first}, {second}", status="nonsense")) == [second, first]
    assert numbers(app.asks("requests.json", page_size=2, page=2)) == [first]
    assert numbers(app.asks("requests.json", status="", start_date="", service_code="")) == [third, second, first]


def test_requests_are_found_by_date(app: App) -> None:
    number, now = app.number(), datetime.now(UTC)
    hour, days = timedelta(hours=1), timedelta(days=90)

    def found(**dates: datetime) -> list[str]:
        return numbers(app.asks("requests.json", **{name: date.isoformat() for name, date in dates.items()}))

    assert found(start_date=now - hour, end_date=now + hour) == [number]
    assert found(start_date=now - hour) == found(end_date=now + hour) == [number]
    assert found(start_date=now + hour) == found(end_date=now - hour) == []
    assert found(start_date=now - days, end_date=now) == [number]
    assert numbers(app.asks(f"requests.json?start_date={(now - hour).isoformat()}")) == [number]  # its + is a space


SENSELESS: list[dict[str, str]] = [
    {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-01T00:00:01Z"},
    {"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
    {"start_date": "2026-01-01T00:00:00"},
    {"end_date": "yesterday"},
    {"end_date": "0001-01-01T00:00:00Z"},
    {"status": "done"},
    {"page": "0"},
    {"page_size": "1001"},
    {"page": "9" * 5000},
    {"service_request_id": ",".join("1" * 201)},
]


def test_a_question_that_makes_no_sense_is_refused(app: App) -> None:
    for query in SENSELESS:
        assert {fault["code"] for fault in app.asks("requests.json", 400, **query)} == {400}


def test_another_jurisdiction_is_not_found_and_ours_may_be_named_or_left_out(app: App) -> None:
    for path in ("services.json", "services/street-lights.json", "requests.json", "requests/1.json", "tokens/1.json"):
        assert app.asks(path, 404, jurisdiction_id="sfgov.org") == [{"code": 404, "description": "jurisdiction_id was not found: sfgov.org"}]
        known = 404 if "/1." in path else 200
        assert app.asks(path, known, jurisdiction_id="dongying.gov.cn") == app.asks(path, known)


# Forms and errors ------------------------------------------------------------------------------------------------------


ACCEPT = {
    "": "text/xml", "*/*": "text/xml", "application/json;q=x": "text/xml", "text/xml": "text/xml", "application/json": "application/json",
    "application/xml;q=0.3, application/json;q=0.9": "application/json",
}  # fmt: skip


def test_without_an_end_accept_says_the_form(api: TestClient) -> None:
    for accept, kind in ACCEPT.items():
        for path in ("/open311/discovery", "/open311/v2/services", "/open311/v2/requests", "/open311/v2/nothing", "/open311/v2/requests/none"):
            assert api.get(path, headers={"Accept": accept}).headers["content-type"] == f"{kind}; charset=utf-8", (accept, path)


def test_every_error_below_open311_is_a_list(api: TestClient, hotline: Hotline) -> None:
    assert api.get("/open311/v2/nothing.json").json() == [{"code": 404, "description": "there is nothing at this address"}]
    assert api.delete("/open311/v2/requests.json").status_code == 400
    assert ElementTree.fromstring(api.get("/open311/v2/services.yaml").content).findtext("error/code") == "400"
    hotline.store.close()
    (hotline.home / "hotline.sqlite3").unlink()
    said = api.get("/open311/v2/requests.json")
    assert (said.status_code, said.json()[0]["code"], said.headers["retry-after"]) == (400, 503, "5")
    assert api.get("/api/tickets", headers=hotline.headers("agent")).headers["content-type"] == "application/problem+json"


# Tokens ----------------------------------------------------------------------------------------------------------------


class TestBatch:
    """A number only once a person has looked at the matter."""

    @pytest.fixture
    def provider(self) -> Provider:
        return Provider(services=lambda: [LIGHTS], batch=True)

    def test_a_token_first_and_its_number_later(self, app: App, hotline: Hotline) -> None:
        assert app.asks("services.json")[0]["type"] == "batch"
        (said,) = app.hands_in()
        assert list(said) == ["token", "service_notice", "account_id"]
        (ticket,) = hotline.store.tickets()
        assert app.asks(f"tokens/{said['token']}.json") == [{"service_request_id": None, "token": said["token"]}]
        assert app.asks("requests.json") == []
        app.moves(ticket.number, ("accept", Said()))
        assert app.asks(f"tokens/{said['token']}.json") == [{"service_request_id": ticket.number, "token": said["token"]}]
        assert numbers(app.asks("requests.json")) == [ticket.number]
        assert app.asks("tokens/nobodys.json", 404)[0]["description"] == "token was not found"
