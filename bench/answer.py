"""From the answer to the first sound of the first prompt, as the caller's wire has it, with AGI and with Asterisk alone."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.line import AUDIBLE, Heard, Line, NoAnswer
from bench.report import percentile
from telephone import sound
from telephone.hotline_under_test import HotlineUnderTest

FIRST_PROMPT: Final = "welcome"
LISTEN_SECONDS: Final = 2.0  # so that at 20 calls a second 40 are up at once
FRAME_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Load:
    """So many calls, at so many a second."""

    calls: int
    per_second: float


async def measure(hotline: HotlineUnderTest, line: Line, loads: list[Load]) -> list[dict[str, Any]]:
    """The rows of the table: the service first, then Asterisk alone after the service was killed; it is running again at the end."""
    lead = silence_before(hotline.settings.sounds / "zh" / f"{FIRST_PROMPT}.wav")
    rows = [_row("AGI", load, await place(line, load), lead) for load in loads]
    await hotline.kill_python()
    try:
        rows += [_row("native dialplan", load, await place(line, load), lead) for load in loads]
    finally:
        await hotline.start()
    return rows


async def place(line: Line, load: Load, number: str = "12345", listen_seconds: float = LISTEN_SECONDS) -> list[Heard | str]:
    """Calls that come as independent people do (Poisson), each heard or the reason why not."""
    source = random.Random(load.calls)
    calls = []
    for count in range(load.calls):
        calls.append(asyncio.create_task(_one(line, number, f"138{count:08d}", listen_seconds)))
        await asyncio.sleep(source.expovariate(load.per_second))
    return list(await asyncio.gather(*calls))


async def _one(line: Line, number: str, caller: str, listen_seconds: float) -> Heard | str:
    try:
        return await line.call(number, caller, listen_seconds=listen_seconds)
    except (NoAnswer, TimeoutError) as error:
        return str(error) or "no answer"


def silence_before(prompt: Path) -> float:
    """Seconds until the prompt itself can be heard, in whole packets: that pause is the recording's, not ours."""
    loud = np.flatnonzero(np.abs(sound.read(prompt).astype(np.int32)) > AUDIBLE)
    first = int(loud[0]) / sound.RATE if len(loud) else 0.0
    return first // FRAME_SECONDS * FRAME_SECONDS


def _row(way: str, load: Load, results: list[Heard | str], lead: float) -> dict[str, Any]:
    heard = [one for one in results if isinstance(one, Heard) and one.first_sound_at is not None]
    delays = [(one.first_sound_at - one.answered_at - lead) * 1000 for one in heard if one.first_sound_at is not None]
    return {
        "way": way, "calls_per_second": load.per_second, "calls": len(results), "not_heard": len(results) - len(heard),
        "p50_ms": round(percentile(delays, 0.5), 1) if delays else None,
        "p99_ms": round(percentile(delays, 0.99), 1) if delays else None,
        "longest_ms": round(max(delays), 1) if delays else None,
        "aim_p99_100_ms": bool(delays) and len(heard) == len(results) and percentile(delays, 0.99) < 100,
    }  # fmt: skip
