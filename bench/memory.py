"""What each process holds before and after many calls; what only grows would one day end the service."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from bench import house
from bench.answer import Load, place
from bench.line import Heard, Line
from bench.messages import MAILBOX
from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest

MESSAGE_SECONDS: Final = 4.0
SETTLE_SECONDS: Final = 5.0
DRAIN_SECONDS: Final = 1800.0


async def measure(hotline: HotlineUnderTest, line: Line, calls: int, per_second: float, mailbox: bool) -> list[dict[str, Any]]:
    """A row for each process. With `mailbox` every call leaves a message, so worker and register have their share."""
    before = house.memory(hotline)
    number, listen = (MAILBOX, _notice_seconds(hotline) + MESSAGE_SECONDS) if mailbox else ("12345", 1.0)
    rows: dict[str, dict[str, Any]] = {name: {"process": name, "before_mb": held} for name, held in before.items()}
    done = answered = 0
    for part in (calls // 10, calls - calls // 10):
        results = await place(line, Load(part, per_second), number, listen)
        answered += sum(isinstance(one, Heard) for one in results)
        done += part
        await _worked_off(hotline)
        for name, held in house.memory(hotline).items():
            rows[name][f"after_{done}_mb"] = held
    for row in rows.values():
        row["answered"] = answered
    return list(rows.values())


def _notice_seconds(hotline: HotlineUnderTest) -> float:
    return len(sound.read(hotline.settings.sounds / "zh" / "voicemail-notice.wav")) / sound.RATE


async def _worked_off(hotline: HotlineUnderTest) -> None:
    """Until no ticket waits for its text, and then a little."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        if all(ticket["transcript_state"] != "pending" for ticket in await hotline.tickets()):
            break
        await asyncio.sleep(1.0)
    await asyncio.sleep(SETTLE_SECONDS)
