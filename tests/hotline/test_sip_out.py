"""Short messages go out over AMI: what Asterisk is asked, and what each of its answers means for the citizen."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import messages
from hotline.settings import Settings, SettingsError
from hotline.sip_out import LARGEST, SipOut
from tests.hotline.conftest import settings_of
from tickets.notice_tables import Notice
from tickets.notices import TellError, TellRefused, TellUnavailable, TellUnknown


class Asterisk:
    """A manager interface that says what it is told to, on a port of its own."""

    def __init__(self) -> None:
        self.answer = "Response: Success\r\nMessage: Message successfully sent"
        self.asked: list[dict[str, str]] = []
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(5)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._end.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        while not reader.at_eof():
            block = (await reader.readuntil(b"\r\n\r\n")).decode() if not reader.at_eof() else ""
            fields = dict(line.split(": ", 1) for line in block.strip().split("\r\n") if ": " in line)
            answer = "Response: Success\r\nMessage: Authentication accepted"
            if fields.get("Action") == "MessageSend":
                self.asked.append(fields)
                answer = self.answer
            if answer == "hangs up":
                break
            writer.write(f"{answer}\r\nActionID: {fields.get('ActionID', '')}\r\n\r\n".encode())
            if fields.get("Action") == "Login":
                writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        writer.close()


@pytest.fixture
def asterisk() -> Iterator[Asterisk]:
    made = Asterisk()
    yield made
    made.close()


def out(port: int) -> SipOut:
    return SipOut(port, "secret", "10.0.0.9:5060", "12345", "【12345热线】")


def notice(address: str = "13800001234", text: str = "您的工单20261122-000001：已派单。\r\nAction: Ping") -> Notice:
    return Notice(id="01ARZ3NDEKTSV4RRFFQ69G5FAV", address=address, text=text, by="sms", kind="step")


def test_a_notice_goes_out_by_the_trunk_whatever_stands_in_it(asterisk: Asterisk) -> None:
    out(asterisk.port).tell(notice())
    (asked,) = asterisk.asked
    assert (asked["To"], asked["From"]) == ("pjsip:trunk/sip:13800001234@10.0.0.9:5060", "12345")
    assert base64.b64decode(asked["Base64Body"]).decode() == "【12345热线】您的工单20261122-000001：已派单。\r\nAction: Ping"


@pytest.mark.parametrize(("answer", "error"), [("Response: Error\r\nMessage: Message failed to send.", TellUnavailable), ("hangs up", TellUnknown)])
def test_what_asterisk_says_is_judged(asterisk: Asterisk, answer: str, error: type[TellError]) -> None:
    asterisk.answer = answer
    with pytest.raises(error):
        out(asterisk.port).tell(notice())


def test_without_asterisk_it_waits() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(TellUnavailable):
            out(nobody.getsockname()[1]).tell(notice())


@pytest.mark.parametrize(("address", "text"), [("138;x@evil", "x"), ("li@example.org", "x"), ("", "x"), ("138\r\nAction: Ping", "x"), ("13800001234", "字" * LARGEST)])
def test_what_no_message_can_be_is_refused(address: str, text: str) -> None:
    with pytest.raises(TellRefused):
        out(1).tell(notice(address, text))


def with_sms(home: Path, wishes: dict[str, object]) -> Settings:
    (home / "settings.yaml").write_text(json.dumps({"sms": wishes}))
    return settings_of(home)


def test_the_trunk_goes_before_a_gateway_and_the_doctor_says_so(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    wishes: dict[str, object] = {"secret_file": "key", "url": "https://gateway.example/send", "sip_numbers": ["12345", "106901"], "sip_outbound": "10.0.0.9"}
    settings = with_sms(tmp_path, wishes)
    way = messages.ways(settings, "【12345热线】")["sms"]
    assert isinstance(way, SipOut) and (way.own, way.outbound, way.signature, way.repeatable) == ("12345", "10.0.0.9", "【12345热线】", False)
    short = next(finding for finding in messages.examined(settings) if finding.what == "short messages")
    assert (short.level, short.says) == ("ok", "in by SIP at 12345, 106901 and POST /api/sms, out by SIP to 10.0.0.9")


def test_a_door_without_a_way_out_answers_nobody(tmp_path: Path) -> None:
    settings = with_sms(tmp_path, {"sip_numbers": ["12345"]})
    short = next(finding for finding in messages.examined(settings) if finding.what == "short messages")
    assert short.level == "warning" and "nobody is answered" in short.says


@pytest.mark.parametrize("wrong", [{"sip_numbers": ["12345,1,System(x)"]}, {"sip_numbers": ["_X."]}, {"sip_outbound": "h;x"}, {"sip_outbound": "h\nexten => s,1"}])
def test_what_would_be_a_line_of_asterisks_is_no_setting(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        with_sms(tmp_path, wrong)
