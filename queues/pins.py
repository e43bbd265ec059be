"""Personal numbers that agents dial at a phone: kept as scrypt (RFC 7914), so that a stolen database tells none.

A PIN has a few digits only, so the lock after some tries is what protects it, and the hash's cost whoever has the file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

PIN = re.compile(r"[0-9]{4,12}")
COST = 14  # 2^14, r 8, p 1: 16 MB and about 50 ms
BLOCK, LANES = 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
RUN = re.compile(r"(.)\1+")


class WeakPin(ValueError):
    """Not digits, too short, or what everybody tries first."""


def hashed(pin: str) -> str:
    """`scrypt$14$SALT$HASH`. Raises WeakPin."""
    if not PIN.fullmatch(pin):
        raise WeakPin("a PIN has 4 to 12 digits")
    if RUN.fullmatch(pin) or pin in "01234567890" or pin in "09876543210":
        raise WeakPin("a PIN of equal or consecutive digits is the first that anybody tries")
    salt = secrets.token_bytes(SALT_BYTES)
    return f"scrypt${COST}${_text(salt)}${_text(_scrypt(pin, salt, COST))}"


def matches(pin: str, known: str | None) -> bool:
    """Whether it is this PIN; takes as long where there is none, so that nobody learns who has one."""
    _, cost, salt, digest = (known or NOBODYS).split("$")
    found = _scrypt(pin, base64.b64decode(salt), int(cost))
    return hmac.compare_digest(found, base64.b64decode(digest)) and known is not None


def _scrypt(pin: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << cost, r=BLOCK, p=LANES, maxmem=1 << 26, dklen=HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOBODYS = f"scrypt${COST}${_text(bytes(SALT_BYTES))}${_text(bytes(HASH_BYTES))}"
