"""Addresses and numbers in settings: each becomes a line of Asterisk's configuration, so nothing else may stand in them."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*\.?", re.ASCII)


def _address(text: str) -> str:
    try:
        return str(ip_address(_without_zone(text)))
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None


def _network(text: str) -> str:
    try:
        ip_network(_without_zone(text), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is neither an IP address nor a network such as 192.0.2.0/24") from None
    return text


def _without_zone(text: str) -> str:
    """Python takes anything at all behind the % of an IPv6 address, a line break too."""
    if "%" in text:
        raise ValueError(text)
    return text


def _trunk(text: str) -> str:
    """An address, a network or a host's name; something like 192.0.2.300 is a mistake, not a name."""
    if HOST.fullmatch(text) and len(text) <= 253 and any(letter.isalpha() for letter in text):
        return text
    return _network(text)


def overlap(one: str, other: str) -> bool:
    """Whether two of these could be one caller's. A host's name is only itself."""
    try:
        left, right = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return one == other
    return left.version == right.version and left.overlaps(right)


Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Trunk = Annotated[str, AfterValidator(_trunk)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9+]{2,20}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?$")]
