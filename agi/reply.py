"""One reply line of AGI, as Asterisk writes it. Small, because the script of every message and fax starts with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agi.errors import PeerUnclear

REPLY = re.compile(r"([0-9]{3})(?:[ -](.*))?", re.DOTALL)
PLAIN = re.compile(r"200 result=(-?[0-9]+)(?: \(([^()]*)\))?", re.ASCII)  # nearly every one
RESULT = re.compile(r"result=(\S*)(?: \((.*)\))?(?: endpos=([0-9]+))?", re.DOTALL)


@dataclass(frozen=True)
class Reply:
    """`200 result=1 (text) endpos=8000` -> 200, "1", "text", 8000."""

    code: int
    result: str = ""
    text: str = ""
    endpos: int | None = None


def parse_reply(line: str) -> Reply:
    """Raises PeerUnclear."""
    if plain := PLAIN.fullmatch(line):
        return Reply(200, plain[1], plain[2] or "")
    found = REPLY.fullmatch(line)
    if found is None:
        raise PeerUnclear(f"not an AGI reply: {line[:80]!r}")
    said = found[2] or ""
    result = RESULT.match(said)
    if result is None:
        return Reply(int(found[1]))
    if result[2] is None and said[result.end() :].startswith(" ("):
        raise PeerUnclear(f"a value with a line break in it: {line[:80]!r}")  # its rest would pass for the next reply
    return Reply(int(found[1]), result[1], result[2] or "", int(result[3]) if result[3] else None)
