"""One message or fax in the spool, as the file beside it tells it: who called, why, and how it ended.

Standard library only (see tickets/spool.py).
"""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = 1
MEDIA = {"voicemail": (".wav", "audio.wav"), "fax": (".tif", "fax.tif")}  # kind: while it is recorded, afterwards
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TEXT_FACTS = ("linkedid", "uniqueid", "caller", "caller_name", "called", "path", "type", "version", "language", "reason", "category", "reference", "number", "revisit")


class SpoolError(Exception):
    """The spool cannot do this; the message says why."""


class SpoolFull(SpoolError):
    """Too little room on disk: let the caller reach a person instead."""


@dataclass(frozen=True)
class Item:
    """One message or fax, as its item.json tells it. Values that came with the call are as hostile as the caller."""

    item: str
    kind: str
    linkedid: str = ""
    uniqueid: str = ""
    caller: str = ""
    caller_name: str = ""
    called: str = ""
    path: str = ""
    type: str = ""
    version: str = ""
    language: str = ""
    reason: str = ""
    category: str = ""
    reference: str = ""
    number: str = ""  # that the caller was told
    revisit: str = ""  # of the return visit at which it was said
    opened_at: str = ""
    asterisk: dict[str, Any] = field(default_factory=dict)
    closed_at: str = ""
    hangup: bool = False
    record_status: str = ""
    fax: dict[str, Any] = field(default_factory=dict)
    truncated: bool = False
    schema: int = SCHEMA

    @property
    def media_name(self) -> str:
        """Its file's name inside the item's folder in new/."""
        return MEDIA[self.kind][1]

    @classmethod
    def load(cls, path: Path) -> Item:
        """Reads item.json; unknown fields are dropped. Raises SpoolError when it is not one."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise SpoolError(f"{path}: {error}") from error
        if not isinstance(data, dict) or str(data.get("kind")) not in MEDIA or not SAFE_ID.fullmatch(str(data.get("item", ""))):
            raise SpoolError(f"{path}: not an item of the spool")
        empty = cls(item="", kind="")
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        if wrong := [name for name, value in known.items() if type(value) is not type(getattr(empty, name))]:
            raise SpoolError(f"{path}: {', '.join(wrong)} cannot be used")
        return cls(**known)


def new_id() -> str:
    """A ULID: unique, ordered by time, safe in every file name and AGI argument."""
    return _ulid(time.time_ns() // 1_000_000, secrets.randbits(80))


def first_id(at: datetime) -> str:
    """No id that was made at this moment or later is smaller: what is asked for by time is found by id."""
    return _ulid(max(0, int(at.timestamp() * 1000)), 0)


def _ulid(milliseconds: int, rest: int) -> str:
    number = milliseconds << 80 | rest
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def plain(value: object) -> str:
    """Text of at most 256 characters without control characters: caller-ID names are hostile input."""
    return "".join(c for c in str(value)[:256] if c.isprintable()).strip()


def moment() -> str:
    return datetime.now(UTC).isoformat()


def zoned(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
