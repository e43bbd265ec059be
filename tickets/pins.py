"""The PIN that a citizen is told with a ticket's number: six digits, kept only as a slow hash under a key of this hotline.

A PIN has few digits: the locks of tickets/progress.py protect it from who asks, the key (not in the database) from who has a
copy of the rows, and the cost of scrypt (RFC 7914) from who has both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

DIGITS = 6
PIN = re.compile(r"[1-9][0-9]{5}")  # never a 0 first: on the telephone that key means a person
COST = 13  # 2^13, r 8, p 1: 8 MB and about 25 ms
BLOCK, LANES = 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
RUN = re.compile(r"(.)\1+")


def new() -> str:
    """Random, and none that everybody tries first."""
    while True:
        pin = str(10 ** (DIGITS - 1) + secrets.randbelow(9 * 10 ** (DIGITS - 1)))
        if not (RUN.fullmatch(pin) or pin in "0123456789" or pin in "9876543210"):
            return pin


def hashed(pin: str, key: bytes) -> str:
    """`scrypt$13$SALT$HASH`, worth nothing without the key."""
    salt = secrets.token_bytes(SALT_BYTES)
    return f"scrypt${COST}${_text(salt)}${_text(_scrypt(pin, key, salt, COST))}"


def matches(pin: str, key: bytes, known: str | None) -> bool:
    """Whether it is this PIN; takes as long where there is none, so that nobody learns which numbers there are."""
    _, cost, salt, digest = (known or NOBODYS).split("$")
    found = _scrypt(pin, key, base64.b64decode(salt), int(cost))
    return hmac.compare_digest(found, base64.b64decode(digest)) and known is not None


def sealed(key: bytes, text: str) -> str:
    """A name for somebody who tries, or for a number that was tried, that tells neither."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _scrypt(pin: str, key: bytes, salt: bytes, cost: int) -> bytes:
    keyed = hmac.digest(key, pin.encode(), "sha256")
    return hashlib.scrypt(keyed, salt=salt, n=1 << cost, r=BLOCK, p=LANES, maxmem=1 << 26, dklen=HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOBODYS = f"scrypt${COST}${_text(bytes(SALT_BYTES))}${_text(bytes(HASH_BYTES))}"
