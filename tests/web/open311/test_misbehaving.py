"""Open311 servers of others that misbehave: each answer has its kind, and nothing is filed twice."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tickets.connectors import Delivered, Event, Refused, Unreachable, Wishes, connect
from tickets.connectors.open311 import Open311

LIMIT_SECONDS = 20
EVENT = Event("k", "ticket", json.dumps({"ticket": {"number": "20261122-000001", "category": "x", "place": "y", "transcript": "z" * 5000}}), date(2026, 11, 22))
FILED = b'[{"service_request_id": 7}]'
XML = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><service_requests><request><service_request_id>&b;</service_request_id></request></service_requests>'


@contextlib.contextmanager
def misbehaving(status: int, body: bytes, looked: bytes = b"[]") -> Iterator[tuple[str, list[bytes]]]:
    """A server of somebody else's: its answer to a request, and to whoever looks for it before."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, looked)

        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self._say(status, body)

        def _say(self, code: int, content: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", posted
        finally:
            server.shutdown()
            thread.join(LIMIT_SECONDS)


@pytest.mark.parametrize(
    ("status", "body", "comes"),
    [
        (200, FILED, Delivered(200, "7")),
        (201, b'[{"token": "ab"}]', Delivered(200, "token:ab")),
        (200, b'[{"service_request_id": null, "token": ""}]', Delivered(200, "")),
        (400, b'[{"code": 400, "description": "no"}]', Refused),
        (403, b"", Refused),
        (404, b"<html>", Refused),
        (400, b'[{"code": 503, "description": "away"}]', Unreachable),
        (429, b"", Unreachable),
        (500, b"", Unreachable),
        (302, b"", Unreachable),
        (200, b"<html>", Unreachable),
        (200, b"{}", Unreachable),
        (200, b"[]", Unreachable),
        (200, b"[[1]]", Unreachable),
        (200, b"[" * 100_000, Unreachable),
        (200, b" " * 5_000_000, Unreachable),
    ],
    ids=str,
)
def test_every_answer_has_its_kind(status: int, body: bytes, comes: Any) -> None:
    with misbehaving(status, body) as (url, posted):
        connector = Open311(url, "key", timeout_seconds=5)
        if isinstance(comes, Delivered):
            assert connector.deliver(EVENT) == comes
        else:
            with pytest.raises(comes):
                connector.deliver(EVENT)
    assert len(posted) == 1
    assert b"%E2%80%A6%0A%5B12345+20261122-000001%5D" in posted[0]  # … and our number: 4000 characters are taken there


def test_what_was_filed_by_a_lost_attempt_is_not_filed_again() -> None:
    with misbehaving(500, b"", b'[{"service_request_id": "9", "description": "z\\n[12345 20261122-000001]"}]') as (url, posted):
        assert Open311(url, "key").deliver(EVENT) == Delivered(200, "9")
    assert posted == []


def test_xml_of_others_is_never_expanded() -> None:
    with misbehaving(200, b"", XML) as (url, _):
        made = connect("open311", Wishes(url, b"key", options={"format": "xml"}))
        assert isinstance(made, Open311)
        with pytest.raises(Unreachable, match="no XML: DTDForbidden"):
            made.follow(["1"])


def test_what_is_not_filed_is_taken_without_a_word() -> None:
    nowhere = Open311("http://127.0.0.1:1", "key")
    assert nowhere.deliver(Event("k", "call.hangup", "{}", date(2026, 11, 22))) == Delivered(200, "")
    assert nowhere.deliver(Event("k", "ticket", EVENT.body, EVENT.day, reference="7")) == Delivered(200, "7")


def test_options_nobody_knows_are_said() -> None:
    for options in ({"colour": "red"}, {"services": "x"}, {"format": "yaml"}):
        with pytest.raises(ValueError, match="case_system.options"):
            connect("open311", Wishes("http://127.0.0.1:1", b"", options=options))
