"""Carries one ticket to the city's case system: a signed POST, and a clear word on what became of it.

    POST URL
    Content-Type: application/json; charset=utf-8
    X-Hotline-Timestamp: Unix seconds
    X-Hotline-Signature: sha256=HEX   HMAC-SHA256 over timestamp + "." + body
    Idempotency-Key: the same for every attempt of one delivery

2xx: taken. 4xx except 408, 409, 425 and 429: refused, a person must look. Anything else, a redirect too: tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx

TRY_AGAIN = (408, 409, 425, 429)  # RFC 9110, 8470, 6585: the request was not judged, or collided with itself
ANSWER_BYTES = 2000  # of an answer, enough for a person to see why it was refused


class CaseSystemError(Exception):
    """The case system did not take it. `status` is its answer, when there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class CaseSystemRefused(CaseSystemError):
    """Permanent: show it to a person."""


class CaseSystemUnavailable(CaseSystemError):
    """Try again later."""


@dataclass(frozen=True)
class CaseSystem:
    """Where tickets go, and the key both sides know."""

    url: str
    secret: bytes
    timeout_seconds: float = 10.0

    def hand_over(self, body: str, idempotency_key: str) -> int:
        """Sends it once and returns the 2xx status. Raises CaseSystemRefused or CaseSystemUnavailable. Not for an event loop."""
        content = body.encode("utf-8")
        try:
            status, said = asyncio.run(self._post(content, self._headers(content, idempotency_key)))
        except TimeoutError:
            raise CaseSystemUnavailable(f"no answer within {self.timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CaseSystemUnavailable(f"{type(error).__name__}: {error}") from error
        return _judge(status, said)

    async def _post(self, content: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """asyncio's limit holds for the whole exchange; httpx's own would begin anew with every byte that drips in."""
        async with (
            asyncio.timeout(self.timeout_seconds),
            httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", self.url, content=content, headers=headers) as answer,
        ):
            return answer.status_code, await _beginning(answer)

    def _headers(self, content: bytes, idempotency_key: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": idempotency_key,
            "X-Hotline-Timestamp": timestamp,
            "X-Hotline-Signature": signature(self.secret, timestamp, content),
        }


@dataclass(frozen=True)
class Patience:
    """How long to wait between attempts, and when to stop."""

    first_seconds: float = 5.0
    longest_seconds: float = 3600.0
    give_up_days: float = 3.0

    def next_attempt(self, attempts: int, since: datetime, now: datetime) -> datetime | None:
        """When to try again after `attempts` failures; None when it has been tried long enough.

        Twice as long each time, a random half of it taken off so that a returning case system is not run over.
        """
        if now - since >= timedelta(days=self.give_up_days):
            return None
        pause = min(self.first_seconds * 2 ** min(attempts - 1, 30), self.longest_seconds)
        return now + timedelta(seconds=pause * random.uniform(0.5, 1.0))


def read_key(path: Path) -> bytes:
    """The key of the signature; a line break at the end of the file is not part of it."""
    return path.read_bytes().strip()


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What X-Hotline-Signature holds."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _judge(status: int, said: str) -> int:
    if 200 <= status < 300:
        return status
    if 400 <= status < 500 and status not in TRY_AGAIN:
        raise CaseSystemRefused(f"{status} {said}".strip(), status)
    raise CaseSystemUnavailable(f"{status} {said}".strip(), status)


async def _beginning(answer: httpx.Response) -> str:
    """The first of what it says; an answer without end is not read to its end."""
    said = b""
    async for part in answer.aiter_bytes():
        said += part
        if len(said) >= ANSWER_BYTES:
            break
    return "".join(c if c.isprintable() else " " for c in said[:ANSWER_BYTES].decode("utf-8", "replace")).strip()
