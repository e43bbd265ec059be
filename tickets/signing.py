"""The signature under what the hotline and a case system tell each other: HMAC-SHA256 over timestamp, a full stop, the bytes."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What X-Hotline-Signature holds."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
