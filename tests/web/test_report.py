"""The city's web form: number and PIN for a person, nothing for a machine, another site or a flood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from starlette.testclient import TestClient

from tests.web.conftest import Hotline
from web.app import create_app
from web.intake_routes import Doors
from web.report_routes import MOST_OF_ONE, TOKEN_SECONDS, Desk

MATTER = {"type": "complaint", "text": "路灯坏了三天没人修", "place": "人民路12号", "tell": "nothing"}


class Browser:
    """Somebody before the form."""

    def __init__(self, client: TestClient, desk: Desk) -> None:
        self.client, self.desk = client, desk

    def token(self) -> str:
        page = self.client.get("/report")
        assert page.status_code == 200
        return str(re.search(r'name="token" value="([^"]+)"', page.text)[1])  # type: ignore[index]

    def sends(self, status: int = 201, headers: dict[str, str] | None = None, **typed: str) -> httpx.Response:
        said = self.client.post("/report", data={"token": self.token(), **MATTER, **typed}, headers=headers)
        assert said.status_code == status, said.text
        return said


@pytest.fixture
def browser(hotline: Hotline) -> Iterator[Browser]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], doors=Doors(b"k" * 32, report_key=b"r" * 32))
    app.state.report.soonest = 0
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Browser(client, app.state.report)


def test_the_form_gives_a_number_and_a_pin_that_open_progress(browser: Browser, hotline: Hotline) -> None:
    page = unescape(browser.sends(name="王<b>", phone="13800001234", tell="sms").text)
    (ticket,) = hotline.store.tickets()
    assert (ticket.channel, ticket.place, ticket.type, ticket.reply_wanted) == ("web", "人民路12号", "complaint", True)
    pin = re.search(r'PIN</span></dt><dd class="big">(\d{6})<', page)
    assert ticket.number in page and pin


def test_the_page_needs_no_script_and_loads_nothing(browser: Browser) -> None:
    page = browser.client.get("/report")
    assert "<script" not in page.text and "src=" not in page.text and "onclick" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and policy.count("'sha256-") == 2 and "form-action 'self'" in policy
    labels = set(re.findall(r'<label for="(\w+)"', page.text))
    fields = set(re.findall(r'<(?:input|select|textarea) id="(\w+)"', page.text))
    assert labels == fields


def test_the_same_page_sent_twice_is_one_matter(browser: Browser, hotline: Hotline) -> None:
    token = browser.token()
    browser.sends(token=token)
    assert "PIN</span></dt>" not in browser.sends(200, token=token).text
    assert len(hotline.store.tickets()) == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"text": ""}, "text"), ({"place": ""}, "place"), ({"tell": "sms"}, "phone"), ({"tell": "email"}, "email"), ({"phone": "letters"}, "phone"), ({"email": "a@b\r\nBcc: c"}, "email")],
)
def test_what_is_missing_is_marked_and_what_was_typed_stays(browser: Browser, hotline: Hotline, typed: dict[str, str], field: str) -> None:
    page = browser.sends(422, **{"name": '"><script>alert(1)</script>', **typed}).text
    assert re.search(rf'id="wrong">[^\n]*\n<label for="{field}">.*?id="{field}"[^>]*aria-invalid="true" aria-describedby="wrong" autofocus', page, re.DOTALL)
    assert "&lt;script&gt;" in page and "<script" not in page
    assert hotline.store.tickets() == []


def test_a_page_of_another_site_cannot_send_it(browser: Browser, hotline: Hotline) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        browser.sends(403, headers)
    browser.sends(400, token="")
    browser.sends(400, token="1.2.3")
    browser.sends(400, token=browser.token() + "0")
    browser.sends(201, {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"})
    assert len(hotline.store.tickets()) == 1


def test_a_machine_and_a_flood(browser: Browser, hotline: Hotline) -> None:
    assert browser.sends(200, website="http://spam.example").status_code == 200
    browser.desk.soonest = 2
    browser.sends(400)
    browser.desk.soonest = 0
    assert hotline.store.tickets() == []
    for number in range(MOST_OF_ONE):
        browser.sends(place=f"人民路{number}号")
    assert "12345" in browser.sends(429).text
    assert len(hotline.store.tickets()) == MOST_OF_ONE


def test_hostile_forms_are_refused(browser: Browser, hotline: Hotline) -> None:
    form = "application/x-www-form-urlencoded"
    for content, kind, status in ((b"x" * 200_001, form, 413), (b"text=%ff", form, 400), (b"\xff", form, 400), (b"&".join([b"a=1"] * 50), form, 400), (b"{}", "application/json", 415)):
        assert browser.client.post("/report", content=content, headers={"Content-Type": kind}).status_code == status
    assert hotline.store.tickets() == []


def test_tokens_age_and_are_each_installations_own() -> None:
    now = [1_000_000.0]
    desk = Desk(b"a", lambda: now[0])
    token = desk.token()
    assert not desk.is_good(token)
    now[0] += 3
    assert desk.is_good(token) and not Desk(b"b", lambda: now[0]).is_good(token)
    now[0] += TOKEN_SECONDS
    assert not desk.is_good(token)
