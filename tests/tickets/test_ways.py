"""Short messages and e-mail go out: over a gateway and a mail server on loopback, with each thing that can be wrong there."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller

from tickets.mail_out import Mailer
from tickets.notice_tables import Notice
from tickets.notices import TellRefused, TellUnavailable, TellUnknown
from tickets.sms import Gateway

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def notice(address: str = "13800001234", text: str = "您的工单20261122-000001：已派单。", **more: str) -> Notice:
    said = {"subject": "12345热线 工单20261122-000001", "in_reply_to": ""} | more
    return Notice(id="01ARZ3NDEKTSV4RRFFQ69G5FAV", address=address, text=text, created_at=AT, by="sms", kind="step", **said)


class Carrier(BaseHTTPRequestHandler):
    heard: list[tuple[dict[str, str], bytes]] = []
    status, answer, silent = 200, b'{"code":0}', threading.Event()
    is_silent = False

    def do_POST(self) -> None:
        Carrier.heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        if Carrier.is_silent:
            Carrier.silent.wait(5)
            return
        self.send_response(Carrier.status)
        self.end_headers()
        self.wfile.write(Carrier.answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def carrier() -> Iterator[Gateway]:
    Carrier.heard, Carrier.status, Carrier.answer, Carrier.is_silent, Carrier.silent = [], 200, b'{"code":0}', False, threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    port = server.server_address[1]
    yield Gateway("secret", f"http://127.0.0.1:{port}/send", {"phone": "{to}", "content": "{text}"}, headers={"X-Key": "{secret}"}, signature="【12345热线】", timeout_seconds=30)
    Carrier.silent.set()
    server.shutdown()
    server.server_close()


def test_a_short_message_goes_out_in_the_carriers_words(carrier: Gateway) -> None:
    carrier.tell(notice(text='"{to}"\\'))  # what is filled in is data
    ((headers, body),) = Carrier.heard
    assert headers["X-Key"] == "secret"
    assert json.loads(body) == {"phone": "13800001234", "content": '【12345热线】"{to}"\\'}
    replace(carrier, send_as="form").tell(notice(text="a&b=c"))
    assert Carrier.heard[1][1].endswith(b"a%26b%3Dc")


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (500, b"", TellUnavailable), (429, b"", TellUnavailable), (302, b"", TellUnavailable), (403, b"", TellRefused),
        (200, b'{"code":7}', TellUnavailable), (200, b'{"code":"black list"}', TellRefused),
    ],
)  # fmt: skip
def test_what_the_carrier_says_is_judged(carrier: Gateway, status: int, answer: bytes, error: type[Exception]) -> None:
    Carrier.status, Carrier.answer = status, answer
    with pytest.raises(error):
        replace(carrier, accepted='"code":0', refused="black list").tell(notice())


def test_silence_may_mean_that_it_was_sent(carrier: Gateway) -> None:
    Carrier.is_silent, impatient = True, replace(carrier, timeout_seconds=0.5)
    with pytest.raises(TellUnknown):
        impatient.tell(notice())
    with pytest.raises(TellUnavailable):  # our id in it: the carrier knows the same message again
        replace(impatient, send={**carrier.send, "id": "{id}"}).tell(notice())


def test_nobody_there_is_surely_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TellUnavailable):
        Gateway("s", f"http://127.0.0.1:{port}/").tell(notice())


class Post:
    """A mail server that refuses whom it is told to."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.data = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("full"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.data == "silence":
            await asyncio.sleep(3)
        self.got.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default)))
        return self.data


@pytest.fixture
def post() -> Iterator[tuple[Post, Mailer]]:
    handler = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, Mailer("127.0.0.1", port, "12345@city.example", security="none", timeout_seconds=1)
    controller.stop()


def test_an_e_mail_goes_out_and_says_that_a_machine_wrote_it(post: tuple[Post, Mailer]) -> None:
    handler, mailer = post
    mailer.tell(notice("li@example.org", in_reply_to="<m1@example.org>"))
    (got,) = handler.got
    assert (got["To"], got["Subject"], got["Auto-Submitted"], got["In-Reply-To"]) == ("li@example.org", "12345热线 工单20261122-000001", "auto-replied", "<m1@example.org>")
    assert "12345政务服务便民热线" in got["From"] and "已派单" in got.get_content()
    assert got["Message-ID"] == "<01ARZ3NDEKTSV4RRFFQ69G5FAV@city.example>"


@pytest.mark.parametrize(
    ("address", "data", "error"),
    [
        ("nobody@example.org", "250 OK", TellRefused), ("full@example.org", "250 OK", TellUnavailable), ("li@example.org", "451 later", TellUnavailable),
        ("li@example.org", "554 spam", TellRefused), ("li@example.org", "silence", TellUnknown),
    ],
)  # fmt: skip
def test_what_the_mail_server_says_is_judged(post: tuple[Post, Mailer], address: str, data: str, error: type[Exception]) -> None:
    handler, mailer = post
    handler.data = data
    with pytest.raises(error):
        mailer.tell(notice(address))


def test_a_subject_with_a_line_break_is_not_sent(post: tuple[Post, Mailer]) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        post[1].message(notice(subject="a\r\nBcc: b@c.de"))


def test_a_server_without_tls_gets_no_e_mail_where_tls_is_wanted(post: tuple[Post, Mailer]) -> None:
    for security in ("tls", "starttls"):
        with pytest.raises(TellUnavailable):
            replace(post[1], security=security, timeout_seconds=0.5).tell(notice("li@example.org"))
    assert post[0].got == []
