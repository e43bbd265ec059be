"""Measures a hotline of its own and prints tables: python -m bench [--full] [--only register|two-keys|round-trips|generated|outbox|waiting|answer|messages|memory]

Run it in isolation (`make bench` does), so that no call can leave the machine. Files: var/bench/*.json.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from pathlib import Path

from rich.console import Console

from bench import (
    answer,
    crowd,
    day,
    floor,
    generated,
    house,
    memory,
    messages,
    outbox,
    register,
    report,
    round_trips,
    two_keys,
    waiting,
)
from bench.answer import Load
from bench.line import Line
from hotline.asterisk import find
from hotline.settings import PROJECT
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network

RESULTS = PROJECT / "var" / "bench"
ALONE = ("register", "day", "floor", "generated", "outbox", "waiting", "round-trips", "two-keys")  # measured with nothing else of ours running
PARTS = (*ALONE, "answer", "messages", "crowd", "memory")


async def run(parts: list[str], full: bool, folder: Path, console: Console) -> None:
    about = report.machine() | {"full": full}
    console.print(f"[dim]{about['cores']} cores, load {about['load_before']:.2f}, {about['system']}[/dim]")
    for part in (part for part in ALONE if part in parts):
        await _alone(console, part, full, folder)
    if set(parts) <= set(ALONE):
        return
    async with house.hotline(folder) as hotline:
        runtime = find(hotline.settings.downloads)
        about["asterisk"] = runtime.version
        line = Line((house.ADDRESS, house.SIP_PORT))
        try:
            if "answer" in parts:
                _tell(console, "answer", "Answer to first prompt heard", about, await _answer(hotline, line, full))
            if "messages" in parts:
                async with Network(house.wiring(folder), runtime) as network:
                    plan = [(10.0, 20), (60.0, 10)] if full else [(10.0, 5), (60.0, 2)]
                    rows = await messages.measure(hotline, network, plan)
                _tell(console, "messages", "Hang-up to ticket number and to text", about, rows)
            if "crowd" in parts:
                async with Network(house.wiring(folder), runtime) as network:
                    rows = await crowd.measure(hotline, network, *((60, 20) if full else (12, 4)))
                _tell(console, "crowd", "Callers at once, agents at their phones", about, rows)
            if "memory" in parts:
                rows = await memory.measure(hotline, line, calls=1000, per_second=5 if full else 20, mailbox=full)
                kind = "1000 calls that leave a message" if full else "1000 calls that hear the menu"
                _tell(console, "memory", f"Memory: {kind}", about, rows)
        finally:
            line.close()


async def _alone(console: Console, part: str, full: bool, folder: Path) -> None:
    about = report.machine() | {"full": full}
    if part == "register":
        rows = register.beside(await asyncio.to_thread(lambda: list(register.measure(full, folder / "register"))))
        _tell(console, part, "A register of tickets: p95 in milliseconds over the API", about, rows)
    elif part == "day":
        _tell(console, part, "A day of 2000 agents and 100 000 calls", about, await asyncio.to_thread(day.measure, day.Day()))
    elif part == "floor":
        for title, rows in await floor.measure(full):
            _tell(console, f"floor-{title.split()[0].lower()}", title, about, rows)
    elif part == "generated":
        _tell(console, part, "Generated menus through the pure engine", about, await asyncio.to_thread(generated.measure, full))
    elif part == "waiting":
        _tell(console, part, "The wait that callers are told, and what came true (simulated)", about, await asyncio.to_thread(waiting.measure, full))
    elif part == "outbox":
        _tell(console, part, "Deliveries to a case system, one worker", about, await asyncio.to_thread(outbox.measure, folder / "outbox", full))
    elif part == "round-trips":
        _tell(console, part, "AGI round trips", about, await round_trips.measure())
    else:


        def tell(which: str, rows: list[dict[str, object]]) -> None:
            title = f"The two-key menu, {two_keys.BURST[0]} calls at {two_keys.BURST[1]:g} a second" if which else f"The two-key menu at {two_keys.STEADY:g} calls a second"
            _tell(console, f"{part}-{which}" if which else part, title, about, rows)

        await two_keys.measure(folder / "two-keys", full, tell)


async def _answer(hotline: HotlineUnderTest, line: Line, full: bool) -> list[dict[str, object]]:
    await answer.place(line, Load(5, 1.0))  # the first call of a life loads what later ones have
    return await answer.measure(hotline, line, [Load(300 if full else 60, 1.0), Load(6000 if full else 600, 20.0)])


def _tell(console: Console, name: str, title: str, about: dict[str, object], rows: list[dict[str, object]]) -> None:
    about["load_after"] = os.getloadavg()[0]
    report.show(console, title, rows)
    console.print(f"[dim]{report.write(RESULTS, name, about, rows)}[/dim]\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the long ones: more calls, memory over 1000 messages")
    parser.add_argument("--only", action="append", choices=PARTS, help="just this part (may be given again)")
    chosen = parser.parse_args()
    folder = RESULTS / "world"
    console = Console() if sys.stdout.isatty() else Console(width=140)
    try:
        asyncio.run(run(chosen.only or list(PARTS), chosen.full, folder, console))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
