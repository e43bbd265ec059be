"""Callers' numbers and names in what is not a ticket, hidden from roles that may not see them, however deep they stand."""

from __future__ import annotations

import re
from typing import Any

from tickets.wire import masked, masked_name

NUMBERS = frozenset(("caller", "number", "from", "to", "outside", "callback", "connected"))
NAMES = frozenset(("caller_name", "caller_names"))
LIKE_A_NUMBER = re.compile(r"\+?(?:86)?(?:1[3-9]\d{9}|0\d{9,11})")


def hidden(value: Any, key: str = "") -> Any:
    """The same, masked: what stands under a name above, and whatever else is a telephone number from end to end."""
    if isinstance(value, dict):
        return {name: hidden(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(item, key) for item in value]
    if isinstance(value, str) and key in NAMES:
        return masked_name(value)
    if isinstance(value, str) and (key in NUMBERS or LIKE_A_NUMBER.fullmatch(value)):
        return masked(value)
    return value
