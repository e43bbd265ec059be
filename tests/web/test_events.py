"""Events over a real server: they come at once, and whoever comes back misses nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from queues.events import Events
from tests.web.conftest import Hotline
from tickets.spool import Item
from tickets.store import Audio, Document
from web.app import create_app
from web.events import Feed

LIMIT_SECONDS = 20
LIMIT = httpx.Timeout(LIMIT_SECONDS)


@pytest.fixture
def server(hotline: Hotline) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(hotline.store, home=hotline.home, reasons=lambda: [])
        service = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=service.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        service.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "an open stream must not hold the server"


def listen(
    server: str, hotline: Hotline, count: int, do: Any = None, *, role: str = "agent", query: str = "", **headers: str
) -> list[dict[str, Any]]:
    """Reads so many events; `do` happens once the stream is open. `at_id` is the stream's id, `id` may be the data's own."""
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    with httpx.stream("GET", f"{server}/api/events{query}", headers=hotline.headers(role) | headers, timeout=LIMIT) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        deadline = time.monotonic() + LIMIT_SECONDS
        for line in stream.iter_lines():
            assert time.monotonic() < deadline, f"{len(found)} of {count} events in {LIMIT_SECONDS} s"
            name, _, value = line.partition(": ")
            if name == "retry" and do is not None:
                do()
            elif name == "id":
                event["at_id"] = value
            elif name == "event":
                event["kind"] = value
            elif name == "data":
                found.append(event | json.loads(value))
                event = {}
            if len(found) == count:
                break
    return found


def test_what_happens_is_told_as_it_happens(server: str, hotline: Hotline) -> None:
    hotline.store.adopt(Item(item="before", kind="fax"), document=Document(0))

    def happen() -> None:
        ticket = hotline.store.adopt(Item(item="after", kind="voicemail"), Audio("a", "", 1.0))
        hotline.store.record_no_speech(ticket.id, "nobody spoke")

    told = listen(server, hotline, 2, happen)
    assert [event["event"] for event in told] == ["message_received", "no_speech"], "not what was before"


def test_whoever_comes_back_misses_nothing(server: str, hotline: Hotline) -> None:
    for n in range(300):
        hotline.store.open_draft(f"{n}.1", "", "", "", "", "1001")
    first = listen(server, hotline, 100, **{"Last-Event-ID": "0"})
    rest = listen(server, hotline, 200, **{"Last-Event-ID": str(first[-1]["id"])})
    assert [event["id"] for event in first + rest] == [line.id for line in hotline.store.history(limit=1000)]


def test_an_id_that_is_none_of_ours_is_refused(server: str, hotline: Hotline) -> None:
    for wrong in ("x", "-1", "9" * 30, "１"):
        headers = hotline.headers("agent") | {"Last-Event-ID": wrong.encode()}  # type: ignore[dict-item]
        answer = httpx.get(f"{server}/api/events", headers=headers, timeout=LIMIT)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_too_many_listeners_are_sent_away(server: str, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.events.MOST_CLIENTS", 0)
    assert httpx.get(f"{server}/api/events", headers=hotline.headers("agent"), timeout=LIMIT).status_code == 503


async def test_a_silent_stream_says_that_it_lives(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.events.KEEP_ALIVE_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        await Feed(hotline.store, hotline.home).beyond(0)


def test_the_floor_is_told_beside_the_tickets(server: str, hotline: Hotline) -> None:
    floor = Events(hotline.home)

    def happen() -> None:
        floor.say("agent", {"agent": "wang", "state": "talking"})
        hotline.store.open_draft("1.1", "", "", "", "", "1001")

    told = listen(server, hotline, 2, happen)
    assert {(event["kind"], event.get("state"), event.get("event")) for event in told} == {
        ("agent", "talking", None), ("ticket", None, "draft_opened"),
    }  # fmt: skip


def test_whoever_comes_back_misses_nothing_of_the_floor(server: str, hotline: Hotline) -> None:
    floor = Events(hotline.home)

    def happen(first: int) -> None:
        for n in range(first, first + 5):
            floor.say("call", {"n": n})

    before = listen(server, hotline, 3, lambda: happen(0))
    happen(5)
    rest = listen(server, hotline, 7, **{"Last-Event-ID": before[-1]["at_id"]})
    assert [event["n"] for event in before + rest] == list(range(10))


def test_a_role_that_may_not_see_callers_gets_no_number(server: str, hotline: Hotline) -> None:
    floor = Events(hotline.home)
    data = {"caller": "13800001234", "legs": [{"to": "05461234567"}], "note": "01012345678", "linkedid": "hotline12345-1700000000.12"}
    hidden = listen(server, hotline, 1, lambda: floor.say("call", data))[0]
    seen = listen(server, hotline, 1, lambda: floor.say("call", data), role="supervisor")[0]
    assert (hidden["caller"], hidden["legs"], hidden["note"]) == ("138****1234", [{"to": "054****4567"}], "010****5678")
    assert hidden["linkedid"] == data["linkedid"]
    assert (seen["caller"], seen["note"]) == ("13800001234", "01012345678")


def test_only_the_kinds_that_were_asked_for(server: str, hotline: Hotline) -> None:
    floor = Events(hotline.home)

    def happen() -> None:
        floor.say("queue", {"n": 1})
        floor.say("alarm", {"n": 2})

    assert listen(server, hotline, 1, happen, query="?kind=alarm")[0]["n"] == 2
    answer = httpx.get(f"{server}/api/events?kind=secrets", headers=hotline.headers("agent"), timeout=LIMIT)
    assert answer.status_code == 400


def test_who_was_away_for_too_long_is_told_of_the_gap(server: str, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queues.events.SEGMENT_BYTES", 300)
    monkeypatch.setattr("web.events.REMEMBERED", 2)  # the log is asked, not memory
    floor = Events(hotline.home)
    floor.say("call", {"n": 0})
    first = min(int(path.stem) for path in (hotline.home / "run" / "events").glob("*.jsonl"))
    for n in range(1, 60):
        floor.say("call", {"n": n})
    told = listen(server, hotline, 3, **{"Last-Event-ID": f"0.{first + 1}"})
    assert told[0]["kind"] == "gap"
    assert 0 < told[1]["n"] == told[2]["n"] - 1


def test_a_revoked_token_hears_no_more(server: str, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.events.KEEP_ALIVE_SECONDS", 0.05)
    said = []
    with httpx.stream("GET", f"{server}/api/events", headers=hotline.headers("agent"), timeout=LIMIT) as stream:
        deadline = time.monotonic() + LIMIT_SECONDS
        for line in stream.iter_lines():
            assert time.monotonic() < deadline, "the stream goes on"
            said += [line] if line else []
            if len(said) == 4:
                assert said[1:] == [": still here"] * 3, "until then it lives"
                [agent] = [token for token in hotline.store.tokens.all() if token.role == "agent"]
                hotline.store.tokens.revoke(agent.id)
    assert len(said) >= 4
