"""Open311 GeoReport v2, field by field as wiki.open311.org/GeoReport_v2 has it: what is there, and handing in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from starlette.testclient import TestClient

from queues import audit
from tests.web.conftest import Hotline
from tests.web.open311.conftest import App

FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice",
    "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


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
