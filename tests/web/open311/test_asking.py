"""Open311: who may see which requests, how they are found, in which form; and what no stranger may learn by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import Hotline
from tests.web.open311.conftest import DONE, LIGHTS, App, numbers
from tickets.case import Said
from web.open311_routes import Provider


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
