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


def listen(server: str, hotline: Hotline, count: int, do: Any = None, **headers: str) -> list[dict[str, Any]]:
    """Reads so many events; `do` happens once the stream is open."""
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    with httpx.stream("GET", f"{server}/api/events", headers=hotline.headers("agent") | headers, timeout=LIMIT) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        deadline = time.monotonic() + LIMIT_SECONDS
        for line in stream.iter_lines():
            assert time.monotonic() < deadline, f"{len(found)} of {count} events in {LIMIT_SECONDS} s"
            name, _, value = line.partition(": ")
            if name == "retry" and do is not None:
                do()
            elif name in ("id", "event"):
                event[name] = value
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
        await Feed(hotline.store).beyond(0)
