"""HOME/run/agi.json: what became of callers in the menu, told by telephony every second or so, for /metrics of web."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from queues.files import write_whole

if TYPE_CHECKING:
    from agi.server import Counts

log = structlog.get_logger(__name__)

EVERY_SECONDS = 1.0
STALE_SECONDS = 15.0


def where(home: Path) -> Path:
    return home / "run" / "agi.json"


def write(path: Path, counts: Counts) -> None:
    write_whole(path, json.dumps({"active": counts.active, "sessions": dict(counts.sessions)}))


def read(path: Path) -> tuple[int, Mapping[str, int]] | None:
    """Sessions now, and ended ones by outcome. None where nobody writes it any more, or it is not of this form."""
    try:
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        return int(data["active"]), {str(name): int(number) for name, number in data["sessions"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


async def keep_writing(path: Path, counts: Counts) -> None:
    """Until cancelled. A full disk costs the figures, not the calls."""
    said = False
    while True:
        try:
            write(path, counts)
            said = False
        except OSError as error:
            if not said:
                log.warning("figures not written", path=str(path), reason=error.strerror)
            said = True
        await asyncio.sleep(EVERY_SECONDS)
