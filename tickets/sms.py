"""Short messages: one way in for all of them, and a carrier's HTTP gateway both ways; its names of things are data, not code.

Out: a POST whose fields are templates with {to}, {text}, {id} and {secret}. In: the gateway posts to /api/sms with its own
names of the fields, and shows the secret or signs. It has put a message of several parts together before it posts it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

import httpx
import structlog

from tickets import wire
from tickets.intake import Intake
from tickets.intake_rules import Report, tidied_number
from tickets.notice_tables import Notice
from tickets.notices import TellRefused, TellUnavailable, TellUnknown, answers_by
from tickets.signing import signature

PLACEHOLDER = re.compile(r"\{(to|text|id|secret|signature)\}")
ANSWER_BYTES = 2000
LARGEST_BODY = 64_000
SIGNED_WITHIN = 300.0  # seconds
TRY_AGAIN = (408, 425, 429)
CHARSETS = ("utf-8", "gb18030", "utf-16-be")
log = structlog.get_logger("tickets.sms")


class NotAMessage(ValueError):  # noqa: N818 - read as a sentence
    """What the gateway posted cannot be read."""


@dataclass(frozen=True)
class Incoming:
    """One message."""

    sender: str
    text: str
    id: str
    lost: bool = False
    """There was a text, and it was too long for the way it came."""


def take(intake: Intake, incoming: Incoming) -> None:
    """Whatever brought it: one validation, and an answer to who wrote it. Raises IntakeRefused."""
    door = replace(intake, answer=answers_by("sms"))
    taken = door.take(Report("sms", incoming.id, incoming.sender, incoming.text, phone=incoming.sender, lost=incoming.lost))
    log.info("message", channel="sms", outcome=taken.outcome, caller=wire.masked(incoming.sender), ticket=taken.ticket.number if taken.ticket else None)


@dataclass(frozen=True)
class Gateway:
    """One carrier's. `send` and `headers`: names and templates; `receive`: from, text, id -> its names."""

    secret: str
    url: str | None = None
    send: Mapping[str, str] = field(default_factory=lambda: {"to": "{to}", "text": "{text}", "id": "{id}"})
    send_as: str = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: str = ""
    refused: str = ""
    receive: Mapping[str, str] = field(default_factory=dict)
    charset: str = "utf-8"
    text_is_hex: bool = False
    signature: str = ""
    timeout_seconds: float = 10.0

    @property
    def repeatable(self) -> bool:
        """A gateway that is given our id knows the same message when it comes again."""
        return any("{id}" in template for template in (*self.send.values(), *self.headers.values()))

    def tell(self, notice: Notice) -> None:
        """Raises TellRefused, TellUnavailable or TellUnknown. Not for an event loop."""
        filled = {"to": notice.address, "text": f"{self.signature}{notice.text}", "id": notice.id, "secret": self.secret, "signature": self.signature}
        fields = {name: _filled(template, filled) for name, template in self.send.items()}
        headers = {name: _filled(template, filled) for name, template in self.headers.items()}
        try:
            status, said = asyncio.run(self._post(fields, headers))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
            raise TellUnavailable(type(error).__name__) from None
        except (TimeoutError, httpx.HTTPError) as error:
            raise (TellUnavailable if self.repeatable else TellUnknown)(f"no answer: {type(error).__name__}") from None
        self._judge(status, said)

    async def _post(self, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        async with asyncio.timeout(self.timeout_seconds), httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False) as client:
            answer = await (
                client.post(str(self.url), json=fields, headers=headers) if self.send_as == "json" else client.post(str(self.url), data=fields, headers=headers)
            )
            return answer.status_code, answer.text[:ANSWER_BYTES]

    def _judge(self, status: int, said: str) -> None:
        """By its status and what the city says a good, and a final, answer holds. The answer may repeat the text: it is not kept."""
        if 200 <= status < 300 and self.accepted in said:
            return
        final = self.refused and re.search(self.refused, said)
        if final or (400 <= status < 500 and status not in TRY_AGAIN):
            raise TellRefused(f"the gateway refused it: {status}")
        if 200 <= status < 300 and not self.refused:
            raise TellRefused("the gateway's answer does not say that it took it")
        raise TellUnavailable(f"the gateway answered {status}")

    def admits(self, headers: Mapping[str, str], token: str, body: bytes) -> bool:
        """Whether it is the gateway: it shows the secret, or signed the body with it within the last minutes."""
        shown = token or headers.get("x-hotline-token", "")
        if shown:
            return hmac.compare_digest(shown.encode(), self.secret.encode())
        stamp, signed = headers.get("x-hotline-timestamp", ""), headers.get("x-hotline-signature", "")
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or abs(time.time() - int(stamp)) > SIGNED_WITHIN:
            return False
        return hmac.compare_digest(signed.encode(), signature(self.secret.encode(), stamp, body).encode())

    def read(self, body: bytes, kind: str) -> Incoming:
        """What it posted. Raises NotAMessage."""
        posted = _json(body, self.charset) if kind.partition(";")[0].strip() == "application/json" else _form(body, self.charset)
        named = {name: posted.get(self.receive.get(name, name), "") for name in ("from", "text", "id")}
        text = _ucs2(named["text"]) if self.text_is_hex else named["text"]
        sender = tidied_number(named["from"])
        if not re.fullmatch(r"\+?[0-9]{3,20}", sender):
            raise NotAMessage("the sender is no telephone number")
        if not named["id"].strip() or len(named["id"]) > 150 or not named["id"].isprintable():
            raise NotAMessage("the message has no id of its own")
        return Incoming(sender, text, named["id"].strip())


def _filled(template: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        raise NotAMessage(f"the bytes are not {charset}") from None


def _json(body: bytes, charset: str) -> dict[str, str]:
    try:
        read = json.loads(_decoded(body, charset))
    except (ValueError, RecursionError) as error:
        raise NotAMessage("the body is not JSON") from error
    if not isinstance(read, dict):
        raise NotAMessage("the body is not an object")
    return {str(name): str(value) for name, value in read.items() if isinstance(value, str | int)}


def _form(body: bytes, charset: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=50))
    except ValueError:
        raise NotAMessage(f"the body is not a form in {charset}") from None


def _ucs2(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-16-be")
    except ValueError:  # UnicodeDecodeError is one
        raise NotAMessage("the text is not UCS-2 in hexadecimal") from None
