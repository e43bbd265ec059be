"""AGI round trips a second: our server's wire against panoramisk's, at 1, 200 and 2000 sessions at once, with their memory.

The peer is one process of ours that answers at once, on another core than the server; the kernel counts the server's
processor time too, which is what remains true on a machine that has other work.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psutil

from bench.two_keys import ready

KINDS: Final = {"our AGI server": "ours", "panoramisk": "panoramisk"}
SESSIONS: Final = {1: 12_000, 200: 40_000, 2000: 60_000}
"""How many at once, and how many round trips all of them make together."""
ROUNDS: Final = 3
AT_ONCE: Final = 50  # panoramisk's listen queue holds a hundred
HEADER: Final = b"agi_network: yes\nagi_network_script: hotline\nagi_channel: PJSIP/trunk-1\nagi_uniqueid: 1.1\nagi_callerid: 13800001234\n\n"
ANSWER: Final = b"200 result=1 (1)\n"
LIMIT_SECONDS: Final = 120.0


class Count:
    """Round trips of all sessions together: from when every session was asked once (`met`) until there were enough (`done`)."""

    def __init__(self, sessions: int, wanted: int) -> None:
        self.made = -sessions
        self.wanted = wanted
        self.met, self.done = asyncio.Event(), asyncio.Event()

    def note(self) -> bool:
        """False when that was enough."""
        self.made += 1
        if self.made == 0:
            self.met.set()
            return False  # all are answered together
        if self.made >= self.wanted:
            self.done.set()
        return self.made < self.wanted


class Peer(asyncio.Protocol):
    """An Asterisk that answers every command at once."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def begin(self) -> None:
        self.transport.write(HEADER)

    def answer(self) -> None:
        self.transport.write(ANSWER)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while b"\n" in self._rest:
            _, _, self._rest = self._rest.partition(b"\n")
            if self._count.note() and self._count.met.is_set():
                self.answer()


@asynccontextmanager
async def server(kind: str) -> AsyncIterator[tuple[psutil.Process, int]]:
    """A contender and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.contenders", kind, str(port), "loop", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await ready(process)
        yield psutil.Process(process.pid), port
    finally:
        process.kill()
        await process.wait()


async def measure() -> list[dict[str, Any]]:
    """A row for each server and number of sessions."""
    rates: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    costs: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    held: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for sessions, wanted in SESSIONS.items():
            for way, kind in KINDS.items():
                rate, cost, memory = await _round(kind, sessions, wanted)
                rates[way, sessions].append(rate)
                costs[way, sessions].append(cost)
                held[way, sessions].append(memory)
    ours, theirs = KINDS
    return [
        {
            "way": way, "sessions": sessions, "round_trips_per_second": round(statistics.median(rates[way, sessions])),
            "per_second_of_its_processor": round(statistics.median(costs[way, sessions])), "memory_mb": round(statistics.median(held[way, sessions]), 1),
            "times_panoramisk": _ratio(costs[way, sessions], costs[theirs, sessions]),
            "of_its_own_at_1": round(statistics.median(costs[way, sessions]) / statistics.median(costs[way, 1]), 2),
            "aim_not_below_panoramisk": way != ours or _ratio(costs[ours, sessions], costs[theirs, sessions]) >= 1,
        }
        for sessions in SESSIONS for way in KINDS
    ]  # fmt: skip


def _ratio(ones: list[float], others: list[float]) -> float:
    """The median of the rounds' own ratios: both sides of each were measured one after the other."""
    return round(statistics.median(one / other for one, other in zip(ones, others, strict=True)), 2)


async def _round(kind: str, sessions: int, wanted: int) -> tuple[float, float, float]:
    """Round trips a second, round trips a second of the server's processor time, its megabytes with all sessions open."""
    count = Count(sessions, wanted)
    loop = asyncio.get_running_loop()
    async with server(kind) as (process, port):
        peers: list[Peer] = []
        try:
            while len(peers) < sessions:
                some = min(AT_ONCE, sessions - len(peers))
                made = await asyncio.gather(*(loop.create_connection(lambda: Peer(count), "127.0.0.1", port) for _ in range(some)))
                peers += [peer for _, peer in made]
            async with asyncio.timeout(LIMIT_SECONDS):
                for peer in peers:
                    peer.begin()
                await count.met.wait()
                before, began = _used(process), time.perf_counter()
                for peer in peers:
                    peer.answer()
                await count.done.wait()
            took, used = time.perf_counter() - began, _used(process) - before
            return wanted / took, wanted / max(used, 0.01), process.memory_info().rss / 1e6
        finally:
            for peer in peers:
                peer.transport.abort()


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
