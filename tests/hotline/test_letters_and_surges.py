"""A running hotline with real mail servers: its mail process is killed, and every letter is one ticket and one answer; five alike are a surge."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from queues.events import EventLog
from telephone.hotline_under_test import HotlineUnderTest
from tests.calls.conftest import until
from tests.calls.places import copied_city, record, short_folder, wired
from tests.hotline.conftest import free_port
from tests.tickets import mail_server
from tests.tickets.mail_server import FOLDER, PASSWORD, USER, MailServer

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]
OURS, STOPPED = "12345@city.example", "阳光花园停水了"
SENDERS = tuple(f"li{number}@example.org" for number in range(5))


@dataclass
class Sent:
    """What the city's mail server was given to deliver."""

    got: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.got.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


def letter(sender: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, OURS, "停水", f"<1.{sender}>"
    mail.set_content(STOPPED)
    return mail.as_bytes()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with short_folder("letters") as made:
        (made / "password").write_text(PASSWORD)
        yield made


@pytest.fixture(scope="module")
def inbox(folder: Path) -> Iterator[MailServer]:
    with mail_server.running(folder, "--no-tls") as server:
        server.empty()
        yield server


@pytest.fixture(scope="module")
def outbox() -> Iterator[tuple[Sent, int]]:
    sent, port = Sent(), free_port(socket.SOCK_STREAM)
    controller = Controller(sent, hostname="127.0.0.1", port=port, auth_require_tls=False, authenticator=lambda *_: AuthResult(success=True))
    controller.start()
    yield sent, port
    controller.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(folder: Path, inbox: MailServer, outbox: tuple[Sent, int]) -> AsyncIterator[HotlineUnderTest]:
    city = copied_city(folder)
    record(city, lambda _: 0.2)
    email = {
        "imap_host": "127.0.0.1", "imap_port": inbox.port, "smtp_host": "127.0.0.1", "smtp_port": outbox[1], "security": "none", "address": OURS, "user": USER,
        "mailbox": FOLDER, "password_file": str(folder / "password"), "poll_seconds": 1,
    }  # fmt: skip
    plan, _ = wired(folder, 21460, 36000, city, {"email": email, "spool": {"minimum_free_mb": 1}})
    async with HotlineUnderTest(plan) as running:
        yield running


async def test_letters_survive_their_process_and_five_alike_are_a_surge(hotline: HotlineUnderTest, inbox: MailServer, outbox: tuple[Sent, int]) -> None:
    sent, _ = outbox
    for sender in SENDERS[:2]:
        await asyncio.to_thread(inbox.puts, letter(sender))
    await hotline.kill("mail")  # wherever it is with them; the windows one by one: tests/tickets/test_mail.py
    for sender in SENDERS[2:]:
        await asyncio.to_thread(inbox.puts, letter(sender))

    async def all_seen() -> bool:
        return await asyncio.to_thread(inbox.flags) == [{"\\Seen"}] * len(SENDERS)

    await until(all_seen, "every letter is taken by the process that came back", 40)
    services = {one["name"]: one for one in json.loads((hotline.plan.home / "run" / "status.json").read_text())["services"]}
    assert services["mail"]["restarts"] == 1 and services["telephony"]["restarts"] == 0
    assert sorted(ticket["channel"] for ticket in await hotline.tickets()) == ["email"] * 5

    async def answered() -> bool:
        return len(sent.got) >= len(SENDERS)

    await until(answered, "every sender is answered", 30)
    numbers = {ticket["number"] for ticket in await hotline.tickets()}
    assert sorted(str(mail["To"]) for mail in sent.got) == sorted(SENDERS)
    assert {number for mail in sent.got for number in numbers if number in str(mail["Subject"])} == numbers, "each by the number of its own ticket"
    await hotline.kill("worker")  # the next one looks for surges at once

    async def surge() -> Any:
        return next(iter((await hotline.get("/api/surges")).json()["items"]), None)

    found = await until(surge, "the surge", 60)
    assert (found["place"], found["words"], found["callers"], set(found["tickets"])) == ("阳光花园", "停水", 5, numbers)

    async def alarm() -> Any:
        items = (await hotline.command("alarms", "--json"))["items"]
        return next((item for item in items if item["kind"] == "surge"), None)

    on = await until(alarm, "the alarm", 30)
    assert (on["key"], on["value"]) == ("surge:阳光花园 停水", 5)
    assert [item["key"] for item in (await hotline.get("/api/alarms")).json()["items"] if item["kind"] == "surge"] == [on["key"]]
    told = [line.data for line in EventLog(hotline.plan.home).read(0, 20_000_000)[0] if line.kind == "alarm"]
    assert [(one["state"], one["callers"]) for one in told if one.get("alarm") == "surge"] == [("raised", 5)]
    assert [one["what"] for one in told if one.get("key") == on["key"]] == ["raised"]
    assert not any(sender in json.dumps(told) for sender in SENDERS)
    assert len(sent.got) == len(SENDERS), "and nobody was answered twice"
