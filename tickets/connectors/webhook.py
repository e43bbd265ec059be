"""Carries events to a case system as signed POSTs, and gives a clear word on what became of each.

    POST URL
    Content-Type: application/json; charset=utf-8
    X-Hotline-Timestamp: Unix seconds
    X-Hotline-Signature: sha256=HEX   HMAC-SHA256 over timestamp + "." + body
    X-Hotline-Day: YYYY-MM-DD, when the event was made
    Idempotency-Key: the same for every attempt of one delivery

2xx: taken. 4xx except 408, 409, 425 and 429: refused, a person must look. Anything else, a redirect too: tried again.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from urllib.parse import urlencode

import httpx

from tickets.connectors import Delivered, Event, Held, Refused, Unreachable, Wishes
from tickets.signing import signature

TRY_AGAIN = (408, 409, 425, 429)  # RFC 9110, 8470, 6585: the request was not judged, or collided with itself
PAGE_BYTES = 8 * 1024 * 1024  # of a reconciliation
MOST_PAGES = 1000
ANSWER_BYTES = 2000  # of an answer, enough for a person to see why it was refused


def connect(wishes: Wishes) -> Webhook:
    """Raises ValueError for options, of which it has none."""
    if wishes.options:
        raise ValueError(f"the webhook takes no options, and is given {', '.join(sorted(wishes.options))}")
    return Webhook(wishes.url, wishes.secret, wishes.timeout_seconds, wishes.reconciliation_url)


@dataclass(frozen=True)
class Webhook:
    """Where events go, and the key both sides know."""

    url: str
    secret: bytes
    timeout_seconds: float = 10.0
    reconciliation_url: str | None = None

    def deliver(self, event: Event) -> Delivered:
        content = event.body.encode("utf-8")
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": event.key, "X-Hotline-Day": event.day.isoformat()}
        status, said = self._exchange("POST", self.url, content, headers)
        return Delivered(_judge(status, said))

    def held(self, day: date) -> Mapping[str, Held] | None:
        """GET URL?day=…&cursor=…, signed over the query: `{"items": [{"about", "deliveries", "hash"}], "next": cursor or null}`."""
        if self.reconciliation_url is None:
            return None
        found: dict[str, Held] = {}
        cursor = ""
        for _ in range(MOST_PAGES):
            query = urlencode({"day": day.isoformat(), **({"cursor": cursor} if cursor else {})})
            status, said = self._exchange("GET", f"{self.reconciliation_url}?{query}", b"", {}, query.encode(), PAGE_BYTES)
            _judge(status, said[:ANSWER_BYTES])
            page, cursor = _page(said)
            found |= page
            if not cursor:
                return found
        raise Refused(f"more than {MOST_PAGES} pages: `next` never ends")

    def _exchange(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], signed: bytes | None = None, most: int = ANSWER_BYTES
    ) -> tuple[int, str]:
        """Status, and the beginning of the answer. `signed`: what is signed, if not the body. Raises Unreachable."""
        timestamp = str(int(time.time()))
        proof = signature(self.secret, timestamp, content if signed is None else signed)
        try:
            return asyncio.run(self._request(method, url, content, {**headers, "X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": proof}, most))
        except TimeoutError:
            raise Unreachable(f"no answer within {self.timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    async def _request(self, method: str, url: str, content: bytes, headers: Mapping[str, str], most: int) -> tuple[int, str]:
        """asyncio's limit holds for the whole exchange; httpx's own would begin anew with every byte that drips in."""
        async with (
            asyncio.timeout(self.timeout_seconds),
            httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False, verify=_trusted()) as client,
            client.stream(method, url, content=content, headers=headers) as answer,
        ):
            return answer.status_code, await _beginning(answer, most)


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: it costs 40 ms of a processor, many times the delivery itself."""
    return httpx.create_ssl_context(trust_env=False)


def _judge(status: int, said: str) -> int:
    if 200 <= status < 300:
        return status
    if 400 <= status < 500 and status not in TRY_AGAIN:
        raise Refused(f"{status} {said}".strip(), status)
    raise Unreachable(f"{status} {said}".strip(), status)


def _page(said: str) -> tuple[dict[str, Held], str]:
    """Raises Refused for what is no page: trying again would bring the same."""
    try:
        page = json.loads(said)
        found = {str(item["about"]): Held(int(item["deliveries"]), str(item["hash"])) for item in page["items"]}
        return found, str(page.get("next") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"no page of a reconciliation: {type(error).__name__}") from None


async def _beginning(answer: httpx.Response, most: int) -> str:
    """The first of what it says; an answer without end is not read to its end."""
    said = b""
    async for part in answer.aiter_bytes():
        said += part
        if len(said) >= most:
            break
    return "".join(c if c.isprintable() else " " for c in said[:most].decode("utf-8", "replace")).strip()
