"""One line of Asterisk's channel event log as it is written by cel_custom.conf (our template). Pure.

A line is twelve quoted fields. What a caller could have put into one of them can neither end it nor begin another line: a
quote is always doubled, so a piece of a field never reads as a whole line of twelve (the parser takes nothing else).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

FIELDS = 12
QUOTED = r'"(?:[^"]|"")*"'
WHOLE = re.compile(f"{QUOTED}(?:,{QUOTED}){{{FIELDS - 1}}}")
TIME = re.compile(r"\d{1,11}\.\d{6}", re.ASCII)
LONGEST = 8_000  # characters of a line


@dataclass(frozen=True, slots=True)
class CelEvent:
    """Something that happened to one leg. `event`: ours (HOTLINE_…) or one of Asterisk's (cel.conf)."""

    event: str
    at: float
    uniqueid: str
    linkedid: str
    channel: str
    context: str = ""
    exten: str = ""
    app: str = ""
    data: str = ""
    peer: str = ""
    ours: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """None where the line is not one: half lines of a crash, what a caller smuggled in."""
        text = line.rstrip("\r\n")
        if len(text) > LONGEST or not WHOLE.fullmatch(text):
            return None
        event, at, uniqueid, linkedid, channel, context, exten, app, data, peer, ours, extra = next(csv.reader([text]))
        if not (event and uniqueid and linkedid and TIME.fullmatch(at)):
            return None
        return cls(event, float(at), uniqueid, linkedid, channel, context, exten, app, data, peer, bool(ours), _json(extra))

    def words(self) -> tuple[str, ...]:
        """What our own events say: `A|B|C`."""
        return tuple(str(self.extra.get("extra", "")).split("|"))

    @property
    def phone(self) -> str:
        """`PJSIP/1001-0000002a` -> `1001`; '' for the trunk and for legs that are no telephone."""
        technology, _, name = self.channel.partition("/")
        phone = name.rpartition("-")[0]
        return phone if technology == "PJSIP" and phone != "trunk" else ""

    @property
    def is_local(self) -> bool:
        """A leg inside Asterisk, at which nobody listens."""
        return self.channel.startswith("Local/")


def _json(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def age(linkedid: str) -> tuple[int, int]:
    """What Asterisk goes by when it joins two calls: `hotline12345-1795323039.12` -> (1795323039, 12), the older the smaller."""
    seconds, _, count = linkedid.rpartition("-")[2].partition(".")
    if seconds.isascii() and seconds.isdigit() and count.isascii() and count.isdigit():
        return int(seconds), int(count)
    return 0, 0
