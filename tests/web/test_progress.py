"""Number and PIN over the web: the page without a script, the API, and nothing for whoever guesses."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import Hotline
from tickets.models import Ticket
from tickets.moves import STAGES
from web.progress_page import ENGLISH, POLICY


@pytest.fixture
def opened(hotline: Hotline, api: TestClient) -> tuple[Ticket, str]:
    """A message's ticket and its PIN, as an agent gives it out."""
    ticket = hotline.leave("voicemail")
    answer = api.post(f"/api/tickets/{ticket.number}/pin", headers=hotline.headers("agent"))
    assert answer.status_code == 200
    return ticket, answer.json()["pin"]


def look(api: TestClient, number: str, pin: str) -> tuple[int, str]:
    answer = api.post("/progress", data={"number": number, "pin": pin})
    return answer.status_code, answer.text


def test_the_page_tells_stage_and_number_and_shows_no_pin_again(api: TestClient, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    status, text = look(api, ticket.number.replace("-", ""), pin)
    assert status == 200
    assert ticket.number in text and "待受理" in text and "registered" in text
    assert pin not in text


def test_a_wrong_number_and_a_wrong_pin_are_the_same_page(api: TestClient, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    wrong = str((int(pin) - 99999) % 900000 + 100000)
    pages = [look(api, number, tried) for number, tried in ((ticket.number, wrong), ("20200101-000001", pin))]
    assert [(status, re.sub(r'value="[^"]*"', "", text)) for status, text in pages][0] == [(status, re.sub(r'value="[^"]*"', "", text)) for status, text in pages][1]
    assert pages[0][0] == 403


def test_what_was_typed_is_shown_and_never_markup(api: TestClient) -> None:
    status, text = look(api, '"><script>alert(1)</script>', "1")
    assert status == 403 and "<script" not in text
    assert html.escape('"><script>alert(1)</script>') in text


def test_the_page_has_a_label_for_each_field_a_language_and_no_script(api: TestClient) -> None:
    answer = api.get("/progress")
    assert answer.headers["content-security-policy"] == POLICY and "script-src" not in POLICY
    assert answer.headers["cache-control"] == "no-store"
    fields, labels = set(re.findall(r'<input id="(\w+)"', answer.text)), set(re.findall(r'<label for="(\w+)"', answer.text))
    assert fields == labels == {"number", "pin"}
    assert '<html lang="zh-CN">' in answer.text and 'lang="en"' in answer.text and "<script" not in answer.text
    assert 'role="alert"' in look(api, "1", "1")[1]


def test_the_api_tells_the_same(api: TestClient, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    answer = api.post("/api/progress", json={"number": ticket.number, "pin": pin})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("number", "stage", "stage_name", "due_at")} == {
        "number": ticket.number, "stage": "pending", "stage_name": "待受理", "due_at": None,
    }  # fmt: skip
    refused = api.post("/api/progress", json={"number": ticket.number, "pin": "111111"})
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")


def test_too_many_tries_are_told_when_to_come_back(api: TestClient, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    for _ in range(5):
        assert api.post("/api/progress", json={"number": ticket.number, "pin": "111111"}).status_code == 403
    refused = api.post("/api/progress", json={"number": ticket.number, "pin": pin})
    assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 1800
    assert look(api, ticket.number, pin)[0] == 429


def test_a_confidential_ticket_is_politely_refused(api: TestClient, hotline: Hotline, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    api.patch(f"/api/tickets/{ticket.number}", json={"confidential": True}, headers=hotline.headers("agent"))
    status, text = look(api, ticket.number, pin)
    assert status == 403 and "请拨打12345由工作人员" in text


@pytest.mark.parametrize("body", [b"number=" + b"9" * 5000, b"&".join(b"a=1" for _ in range(50)), b"\xff\xfe=%ff", b""])
def test_forms_that_are_none(api: TestClient, body: bytes) -> None:
    answer = api.post("/progress", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code in (400, 403, 413)


def test_a_pin_is_given_out_by_staff_only_and_stands_in_no_history(api: TestClient, hotline: Hotline, opened: tuple[Ticket, str]) -> None:
    ticket, pin = opened
    assert api.post(f"/api/tickets/{ticket.number}/pin").status_code == 401
    assert api.post(f"/api/tickets/{ticket.number}/pin", headers=hotline.headers("integration")).status_code == 403
    assert api.post("/api/tickets/20200101-000001/pin", headers=hotline.headers("agent")).status_code == 404
    shown = api.get(f"/api/tickets/{ticket.number}", headers=hotline.headers("administrator")).text
    assert pin not in shown and "pin_issued" in shown


def test_every_stage_has_its_english_word() -> None:
    assert ENGLISH.keys() == STAGES.keys()
