"""The demonstration: real calls between two Asterisks, five things that must come true, a verdict and its file."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from hotline.asterisk import AsteriskFailed, RuntimeMissing
from telephone.demo_steps import ACTS
from telephone.stage import EXPECTED, Stage
from telephone.world import MARK, World

LIMIT_SECONDS: Final = 480.0
FILE_COLUMNS: Final = 132


def play(folder: Path, *, only: int | None = None, broken: int | None = None) -> bool:
    """Plays all five, or one; writes FOLDER/result.json. True when everything came true."""
    console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)
    stage = Stage(console)
    tickets: list[dict[str, Any]] = []
    problem = ""
    try:
        asyncio.run(_play(folder, stage, tickets, only, broken))
    except (*EXPECTED, AsteriskFailed, RuntimeMissing) as error:
        problem = str(error) or type(error).__name__
        console.print(f"\nthe demonstration could not go on: {problem}", style="red", markup=False)
    wanted = {only} if only else set(ACTS)
    ok = not problem and {step.number for step in stage.steps if step.ok} == wanted
    if tickets:
        stage.shows_tickets(tickets)
    stage.shows_verdict()
    calls = round(sum(step.seconds for step in stage.steps), 1)
    if (folder / MARK).exists():
        steps = [asdict(step) for step in stage.steps]
        result = {"ok": ok, "seconds": round(stage.seconds, 1), "calls_seconds": calls, "problem": problem, "steps": steps, "tickets": tickets}
        (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"{'Everything came true' if ok else 'Not everything came true'}; the calls took {calls:.0f} s. Details: {folder / 'result.json'}, logs beside it.")
    return ok


async def _play(folder: Path, stage: Stage, tickets: list[dict[str, Any]], only: int | None, broken: int | None) -> None:
    async with asyncio.timeout(LIMIT_SECONDS), World(folder, stage, broken) as world:
        for number, act in ACTS.items():
            if only in (None, number):
                async with stage.step(number, act.title, act.limit_seconds) as step:
                    step.facts = await act.play(world)
        tickets.extend(await world.hotline.tickets())
