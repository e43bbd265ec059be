"""The two-key menu on a real Asterisk, by four servers and by no server: what it costs, what bursts do, how soon it speaks.

Rounds are interleaved and the figures are medians, because the machine may have other work; processor time is counted
by the kernel for each process, so what else runs does not count.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import statistics
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from ruamel.yaml import YAML

from bench import script
from bench.answer import silence_before
from bench.line import Heard, NoAnswer
from bench.presser import Presser
from bench.report import percentile
from hotline import menus
from hotline.asterisk import Asterisk, AsteriskFailed, find, ours
from hotline.settings import DIALPLANS, Settings
from speech import prompts
from telephone import sound

NATIVE: Final = "native dialplan"
WAYS: Final = {NATIVE: "", "our AGI server": "ours", "all of our telephony": "telephony", "panoramisk": "panoramisk", "threads (pyst2 style)": "threads"}
SIP_PORT: Final = 29160
PROMPT_SECONDS: Final = 0.8
PAUSE_SECONDS: Final = 0.5
STEADY: Final = 40.0
WARM_CALLS: Final = 5
BURST: Final = (1200, 120.0)
AIM: Final = 1.10
START_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 1.0
IDLE_SHARE: Final = 0.05
QUIET_LIMIT_SECONDS: Final = 60.0


@dataclass
class Figures:
    """What one way cost, round by round."""

    asterisk: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    calls: int = 0
    failed: int = 0


class House:
    """An Asterisk with the hotline's own configuration, and nobody behind the menu."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.environ = {
            "HOTLINE_HOME": str(folder / "home"), "HOTLINE_SIP_PORT": str(SIP_PORT), "HOTLINE_AGI_PORT": str(SIP_PORT + 1), "HOTLINE_AMI_PORT": str(SIP_PORT + 2),
            "HOTLINE_HTTP_PORT": str(SIP_PORT + 3), "HOTLINE_RTP_PORTS": "36000-39999",
        }  # fmt: skip
        city = _city(folder / "city")
        (folder / "home").mkdir(parents=True)
        (folder / "home" / "settings.yaml").write_text(f'sip: {{address: "127.0.0.1"}}\nmenu: {{city: "{city}"}}\n')
        self.settings = Settings.load(self.environ)
        for name in prompts.texts(city):
            sound.write(self.settings.sounds / "zh" / f"{name}.wav", sound.babble(PROMPT_SECONDS, seed=zlib.crc32(name.encode())))
        runtime = find(self.settings.downloads)
        menus.ensure_published(self.settings)
        ours.configure(self.settings, runtime)
        self.asterisk = Asterisk(runtime, ours.instance(self.settings))

    @asynccontextmanager
    async def served(self, kind: str) -> AsyncIterator[psutil.Process | None]:
        """One of the servers answers AGI; its process. Nobody does for ''."""
        if not kind:
            yield None
            return
        command = ["-m", "hotline.serve", "telephony"] if kind == "telephony" else ["-m", "bench.contenders", kind, str(self.settings.agi_port), "menu"]
        with (self.settings.home / "server.err").open("wb") as complaints:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, env=os.environ | self.environ, stdout=asyncio.subprocess.PIPE, stderr=complaints
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                await (self._listens() if kind == "telephony" else ready(process))
                await _idle(psutil.Process(process.pid))  # what it still does after its start is not the calls'
            yield psutil.Process(process.pid)
            if process.returncode is not None:
                raise RuntimeError(f"{kind} ended by itself: {(self.settings.home / 'server.err').read_text(errors='replace')[:2000]}")
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def is_quiet(self) -> None:
        """No call of an earlier round is left to cost this one; an Asterisk that does not get over its burst begins anew."""
        try:
            async with asyncio.timeout(QUIET_LIMIT_SECONDS):
                while not await asyncio.to_thread(self._is_empty):  # noqa: ASYNC110 - Asterisk tells nobody here
                    await asyncio.sleep(QUIET_SECONDS)
        except TimeoutError:
            await asyncio.to_thread(self.asterisk.kill)
            await asyncio.to_thread(self.asterisk.start)

    def _is_empty(self) -> bool:
        with contextlib.suppress(AsteriskFailed):  # too busy to answer
            if "0 active channels" in self.asterisk.cli("core show channels count"):
                return True
            self.asterisk.cli("channel request hangup all")
        return False

    async def _listens(self) -> None:
        """Only ours is asked by a connection without a word: panoramisk's would turn in a circle for ever."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.settings.agi_port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


async def _idle(process: psutil.Process) -> None:
    """Until it has done next to nothing for a second."""
    while True:
        before = _used(process)
        await asyncio.sleep(QUIET_SECONDS)
        if _used(process) - before < IDLE_SHARE * QUIET_SECONDS:
            return


async def ready(process: asyncio.subprocess.Process) -> None:
    """Until a contender says that it listens. Raises RuntimeError when it ends instead."""
    assert process.stdout is not None
    if b"ready" not in await process.stdout.readline():
        raise RuntimeError("an AGI server did not start")


async def measure(folder: Path, full: bool, tell: Callable[[str, list[dict[str, Any]]], None]) -> None:
    """Tells the rows of two tables: what 1000 calls cost at 40 a second, and what becomes of 1200 at 120 a second (`burst`)."""
    house = await asyncio.to_thread(House, folder)
    await asyncio.to_thread(house.asterisk.start)
    line = Presser(("127.0.0.1", SIP_PORT))
    try:
        await _round(house, line, "", 20, 10.0)  # the first calls of a life load what later ones have
        steady = {way: Figures() for way in WAYS}
        for _ in range(5 if full else 3):
            for way, kind in WAYS.items():
                _add(steady[way], steady[NATIVE], *await _round(house, line, kind, 600 if full else 160, STEADY))
        tell("", [_cost_row(way, figures) for way, figures in steady.items()])
        burst = {}
        for way, kind in WAYS.items():
            _add(burst.setdefault(way, Figures()), burst[NATIVE], *await _round(house, line, kind, *BURST))
        tell("burst", [_burst_row(way, figures) for way, figures in burst.items()])
    finally:
        line.close()
        await asyncio.to_thread(house.asterisk.kill)
        shutil.rmtree(folder, ignore_errors=True)


async def _round(house: House, line: Presser, kind: str, calls: int, per_second: float) -> tuple[list[Heard | str], float, float, float]:
    """The calls, and the processor seconds of Asterisk and of the server while they lasted."""
    await house.is_quiet()
    async with house.served(kind) as server:
        asterisk = house.asterisk.process()
        assert asterisk is not None
        lead = silence_before(house.settings.sounds / "zh" / f"{script.PROMPTS[0][0]}.wav")
        await _calls(line, WARM_CALLS, STEADY)  # a server's first call reads the menus
        before = _used(asterisk), _used(server)
        results = await _calls(line, calls, per_second)
        await asyncio.sleep(QUIET_SECONDS)
        return results, _used(asterisk) - before[0], _used(server) - before[1], lead


async def _calls(line: Presser, calls: int, per_second: float) -> list[Heard | str]:
    """At an even rate with chance in it: all ways get the same."""
    chance = random.Random(calls)  # noqa: S311 - not a secret
    tasks, due = [], time.monotonic()
    for count in range(calls):
        due += chance.expovariate(per_second)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(_one(line, f"139{count:08d}")))
    return list(await asyncio.gather(*tasks))


async def _one(line: Presser, caller: str) -> Heard | str:
    try:
        return await line.press(script.ROOT, caller, script.KEYS, PAUSE_SECONDS)
    except (NoAnswer, TimeoutError) as error:
        return str(error) or "no answer"


def _add(figures: Figures, native: Figures, results: list[Heard | str], asterisk: float, server: float, lead: float) -> None:
    heard = [one for one in results if isinstance(one, Heard)]
    figures.calls += len(results)
    figures.failed += len(results) - len(heard)
    thousand = 1000 / max(1, len(heard))
    figures.asterisk.append(asterisk * thousand)
    figures.server.append(server * thousand)
    figures.delays += [(one.first_sound_at - one.answered_at - lead) * 1000 for one in heard if one.first_sound_at is not None]
    figures.ratio.append((figures.asterisk[-1] + figures.server[-1]) / native.asterisk[-1])


def _cost_row(way: str, figures: Figures) -> dict[str, Any]:
    return {
        "way": way, "calls": figures.calls, "failed": figures.failed,
        "asterisk_cpu_s_per_1000": round(statistics.median(figures.asterisk), 2), "server_cpu_s_per_1000": round(statistics.median(figures.server), 2),
        "times_native": round(statistics.median(figures.ratio), 3), "times_native_each_round": " ".join(f"{one:.3f}" for one in figures.ratio),
        "p50_ms": _percentile(figures, 0.5), "p99_ms": _percentile(figures, 0.99),
        "aim_at_most_1.10": statistics.median(figures.ratio) <= AIM,
    }  # fmt: skip


def _burst_row(way: str, figures: Figures) -> dict[str, Any]:
    return {
        "way": way, "offered": figures.calls, "per_second": BURST[1], "failed": figures.failed, "p50_ms": _percentile(figures, 0.5),
        "p99_ms": _percentile(figures, 0.99), "aim_none_failed": figures.failed == 0,
    }  # fmt: skip


def _percentile(figures: Figures, share: float) -> float | None:
    return round(percentile(figures.delays, share), 1) if figures.delays else None


def _used(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def _city(folder: Path) -> Path:
    """The city as it is; key 1 and key 1 again lead to a goodbye."""
    shutil.copytree(DIALPLANS / "12345", folder)
    shutil.rmtree(folder / "stories", ignore_errors=True)
    yaml = YAML()
    data = yaml.load((folder / "menus.yaml").read_text(encoding="utf-8"))
    data["nodes"][f"{script.ROOT}-1-1"] = {"name": "end", "kind": "hang-up"}
    with (folder / "menus.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(data, file)
    return folder
