"""The case system's signed word: status, reply and handler; everything unsigned, late, twice or out of order is refused and changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from httpx import Response
from starlette.testclient import TestClient

from examples import case_callback
from queues import audit
from tests.tickets.test_moves import CHIEF, RULES, WANG
from tests.web.conftest import Hotline
from tickets.case import Cases, Said
from tickets.case_edits import Edits
from tickets.signing import signature
from web import callback_routes
from web.app import create_app

KEY, URL = b"a key for callbacks", "/api/callbacks/case"


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: RULES, callback_key=lambda: KEY)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def number(hotline: Hotline) -> str:
    """A ticket that is dispatched."""
    number, cases = hotline.leave("fax").number, Cases(hotline.store.database, lambda: RULES)
    cases.move(number, "accept", WANG)
    cases.move(number, "dispatch", WANG, Said(organisation="city"))
    return number


def tell(api: TestClient, body: Any, *, key: bytes = KEY, late: float = 0.0) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    timestamp = str(int(time.time() - late))
    return api.post(URL, content=content, headers={"X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signature(key, timestamp, content)})


def lines(hotline: Hotline) -> list[tuple[str, str, str]]:
    """Of the audit, newest first."""
    return [(line.outcome, line.target, line.reason) for line in audit.lines(hotline.store.database) if line.action.endswith("callbacks/case")]


def history(hotline: Hotline, number: str) -> list[str]:
    found = hotline.store.history(ticket_id=hotline.store.ticket(number).id)
    return [line.detail.get("move", line.event) for line in found if line.actor == "case system"]


def test_status_handler_and_reply_come_back(api: TestClient, hotline: Hotline, number: str) -> None:
    taken = tell(api, {"id": "1", "ticket": number, "status": "handling", "handler": "市水务局 张工", "organisation": "water"})
    assert (taken.status_code, taken.json()["stage"], taken.json()["organisation"]) == (200, "handling", "water")
    replied = tell(api, {"id": "2", "ticket": number, "status": "replied", "reply": "已修好"})
    assert replied.json() == {"ticket": number, "stage": "replied", "stage_name": "已答复", "organisation": "water"}
    assert history(hotline, number) == ["assigned", "handler_named", "take_up", "reply"]
    assert lines(hotline) == [("done", number, "id 2"), ("done", number, "id 1")]
    notes = Edits(Cases(hotline.store.database)).notes(number)
    assert {(note.kind, note.text) for note in notes} >= {("handler", "市水务局 张工"), ("reply", "已修好")}


def test_a_reply_to_what_was_not_taken_up_takes_it_up(api: TestClient, hotline: Hotline, number: str) -> None:
    assert tell(api, {"id": "1", "ticket": number, "status": "replied", "reply": "已修好"}).json()["stage"] == "replied"
    assert history(hotline, number) == ["take_up", "reply"]


def test_the_same_words_newly_signed_are_carried_out_once(api: TestClient, hotline: Hotline, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"id": "1", "ticket": number, "status": "returned", "reason": "不属于我单位职责"}
    first, again = tell(api, body, late=1), tell(api, body)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert history(hotline, number) == ["return"]
    other = tell(api, {**body, "reason": "另一个理由"})
    assert (other.status_code, "used for another request" in other.json()["detail"]) == (422, True)


def test_a_request_that_is_sent_again_as_it_was_is_a_replay(api: TestClient, hotline: Hotline, number: str) -> None:
    content = json.dumps({"id": "1", "ticket": number, "status": "handling"}).encode()
    timestamp = str(int(time.time()))
    headers = {"X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signature(KEY, timestamp, content)}
    assert api.post(URL, content=content, headers=headers).status_code == 200
    replay = api.post(URL, content=content, headers=headers)
    assert (replay.status_code, replay.headers["content-type"]) == (409, "application/problem+json")
    assert "a replay" in replay.json()["detail"]
    assert lines(hotline)[0][0] == "refused"
    assert history(hotline, number) == ["take_up"]


@pytest.mark.parametrize(("key", "late", "why"), [(b"another", 0, "wrong signature"), (KEY, 301, "expired"), (KEY, -310, "expired")])
def test_a_stranger_and_an_old_signature_are_refused(api: TestClient, hotline: Hotline, number: str, key: bytes, late: float, why: str) -> None:
    refused = tell(api, {"id": "1", "ticket": number, "status": "handling"}, key=key, late=late)
    assert refused.status_code == 401
    assert why in refused.json()["detail"]
    assert why in lines(hotline)[0][2]
    assert history(hotline, number) == []


def test_what_the_hotline_sent_cannot_be_sent_back_to_it(api: TestClient, hotline: Hotline, number: str) -> None:
    """Another key signs the other way."""
    body = hotline.store.outbox.of_ticket(hotline.store.ticket(number).id)[0].body.encode()
    assert tell(api, body, key=b"the hotline's own key").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 422), (b"[]", 422), (b"{}", 422), ({"id": "1"}, 422), ({"id": "", "ticket": "N"}, 422), ({"id": 1, "ticket": "N"}, 422),
        ({"id": "1", "ticket": "N"}, 422), ({"id": "1", "ticket": "N", "status": "filed"}, 422), ({"id": "1", "ticket": "N", "reply": "x"}, 422),
        ({"id": "1", "ticket": "N", "status": "replied"}, 422), ({"id": "1", "ticket": "N", "status": "returned"}, 422),
        ({"id": "1", "ticket": "N", "caller": "1"}, 422), ({"id": "1", "ticket": "N", "handler": "a\r\nb"}, 422),
        ({"id": "1", "ticket": "N", "handler": "a\x1b[2J"}, 422), ({"id": "1", "ticket": "N", "organisation": "nobody"}, 422),
        ({"id": "1", "ticket": "' OR 1=1 --", "status": "handling"}, 404), ({"id": "1", "ticket": "20200101-000001", "status": "handling"}, 404),
        ({"id": "1", "ticket": "N", "status": "replied", "reply": "x" * 4001}, 422), (b" " * 70_000, 413),
    ],
)  # fmt: skip
def test_bad_words_of_the_case_system_are_refused_and_change_nothing(api: TestClient, hotline: Hotline, number: str, body: Any, status: int) -> None:
    if isinstance(body, dict) and body.get("ticket") == "N":
        body = {**body, "ticket": number}
    before = hotline.store.last_event()
    refused = tell(api, body)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert hotline.store.last_event() == before
    assert status == 413 or lines(hotline)[0][0] == "refused"


def test_a_move_that_is_not_possible_is_refused_whole_and_names_those_that_are(api: TestClient, hotline: Hotline, number: str) -> None:
    tell(api, {"id": "1", "ticket": number, "status": "returned", "reason": "不属于"})
    before = hotline.store.last_event()
    refused = tell(api, {"id": "2", "ticket": number, "status": "handling", "handler": "张工"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, [])
    assert hotline.store.last_event() == before, "the handler was not named either"
    Cases(hotline.store.database, lambda: RULES).move(number, "dispatch", CHIEF, Said(organisation="water"))
    final = tell(api, {"id": "3", "ticket": number, "status": "returned", "reason": "还是不属于"})
    assert (final.status_code, final.json()["allowed"]) == (409, ["take_up"])


def test_the_same_status_again_is_no_news(api: TestClient, hotline: Hotline, number: str) -> None:
    assert [tell(api, {"id": str(n), "ticket": number, "status": "handling"}).status_code for n in range(2)] == [200, 200]
    assert history(hotline, number) == ["take_up"]


def test_strangers_cannot_fill_the_audit(api: TestClient, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_routes, "STRANGERS_A_MINUTE", 3)
    monkeypatch.setattr(callback_routes, "_strangers", 0)
    for _ in range(6):
        assert tell(api, {"id": "1"}, key=b"x").status_code == 401
    assert len(lines(hotline)) <= 4, "a minute may end meanwhile"


def test_without_a_key_there_are_no_callbacks(hotline: Hotline, number: str) -> None:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: []), raise_server_exceptions=False) as api:
        assert tell(api, {"id": "1", "ticket": number, "status": "handling"}).status_code == 503


def test_the_example_is_taken(hotline: Hotline, api: TestClient, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own signing, without its network."""
    content = json.dumps({"id": "1", "ticket": number, "status": "handling"}).encode()
    sent: list[Request] = []

    def opened(request: Request, timeout: float) -> None:
        sent.append(request)
        raise HTTPError(request.full_url, 503, "", Message(), BytesIO(b"later"))

    monkeypatch.setattr("urllib.request.urlopen", opened)
    assert case_callback.send("http://127.0.0.1" + URL, KEY, content) == (503, "later")
    assert api.post(URL, content=content, headers=dict(sent[0].header_items())).status_code == 200
