"""Telephone and identity numbers in a text: which are possible, and which somebody tried to give and the recogniser lost."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOBILE = r"1[3-9]\d{9}"
LANDLINE = r"0(?:10|2\d|[3-9]\d{2})-?[2-9]\d{6,7}"
SERVICE = r"(?:400|800)\d{7}"
_PHONE = re.compile(rf"(?<!\d)(?:{MOBILE}|{LANDLINE}|{SERVICE})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
_SHORT = re.compile(r"(?:96|95|12|11|10)\d{1,4}")  # 12345, 110, 95588: somebody's service number, not a caller's
_CUE = re.compile(r"(?:电话|手机|号码|联系方式)\D{0,8}?(\d[\d \-]{2,20}\d)")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Number:
    start: int
    words: str
    value: str  # figures only
    valid: bool


def phones(text: str) -> list[Number]:
    """Numbers a caller could be reached at, and those given as such that cannot be right."""
    found = {match.start(): Number(match.start(), match[0], match[0].replace("-", ""), True) for match in _PHONE.finditer(text)}
    for cue in _CUE.finditer(text):
        value = re.sub(r"\D", "", cue[1])
        known = any(n.start <= cue.start(1) < n.start + len(n.words) or cue.start(1) <= n.start < cue.end(1) for n in found.values())
        if not known and not _SHORT.fullmatch(value) and not _IDENTITY.search(cue[1]):
            found[cue.start(1)] = Number(cue.start(1), cue[1], value, bool(_LOCAL.fullmatch(value)))
    return [found[start] for start in sorted(found)]


def identities(text: str) -> list[Number]:
    """Citizens' identity numbers; valid when their check figure is right (GB 11643)."""
    return [Number(m.start(), m[0], m[0].upper(), _checked(m[0].upper())) for m in _IDENTITY.finditer(text)]


def masked(text: str) -> str:
    """For logs and lists: every long number keeps its first three and last four figures."""
    return re.sub(r"(?<!\d)(\d{3})\d{3,}([\dXx]{4})(?!\d)", r"\1****\2", text)


def _checked(identity: str) -> bool:
    total = sum(int(figure) * weight for figure, weight in zip(identity, _WEIGHTS, strict=False))
    return identity[-1] == "10X98765432"[total % 11]
