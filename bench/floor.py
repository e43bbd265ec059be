"""What the live picture costs: AMI events a second beside panoramisk's bare Manager, memory over a million, resync, and how soon
a subscriber of /api/events hears of something.

Processor seconds are this process's own, so what shares the machine spoils rates less than it spoils clocks.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from panoramisk import Manager

from bench.report import percentile
from queues.ami import AmiLink, Limits
from queues.event import Event
from queues.events import Events
from queues.state import EVENTS, Picture
from tests.queues.busy import message
from tests.queues.peer import Peer
from tests.queues.test_keeps_its_head import assert_true, house

LIMIT_SECONDS = 600.0
ROUNDS = 3  # each way in turn, so that what shares the machine disturbs all of them
PER_SECOND = 15_000  # of the million: below what the picture takes in, so that all are taken in
LISTENS = Limits(waiting_events=2_000_000)  # nothing is dropped here: every event shall be paid for

Way = Callable[[int, asyncio.Event], Awaitable[tuple[Callable[[], int], Callable[[], Any]]]]


async def measure(full: bool) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each part under its title."""
    return [
        ("Events a second, from the socket to a subscriber", await rates(300_000 if full else 100_000)),
        ("Resync of a busy centre", await resync()),
        ("Latency from Asterisk's event to a subscriber's message", await latency(500, 60 if full else 10)),
        ("Memory while events go by", await memory(1_000_000 if full else 200_000)),
    ]  # fmt: skip


async def rates(events: int) -> list[dict[str, Any]]:
    """From the socket to a subscriber; ours also with the picture between."""
    ways: dict[str, Way] = {
        "panoramisk's Manager, one callback": _panoramisk, "our link, one subscriber": _link, "our link, live picture and one subscriber": _picture,
    }  # fmt: skip
    rounds = [[await _rate(way, events) for way in ways.values()] for _ in range(ROUNDS)]
    found = []
    for number, name in enumerate(ways):
        beside = [one[0]["processor"] / one[number]["processor"] for one in rounds]
        found.append({
            "way": name, "events": events, "processor µs an event": 1e6 * statistics.median(one[number]["processor"] for one in rounds) / events,
            "events a second by the clock": events / statistics.median(one[number]["clock"] for one in rounds),
            "x panoramisk, median": statistics.median(beside), "worst": min(beside), "best": max(beside),
        })  # fmt: skip
    return found


async def _rate(way: Way, events: int) -> dict[str, float]:
    gc.collect()
    async with _blaster(events) as port:
        over = asyncio.Event()
        begin, clock = time.process_time(), time.perf_counter()
        heard, close = await way(port, over)
        async with asyncio.timeout(LIMIT_SECONDS):
            await over.wait()
        used = {"processor": time.process_time() - begin, "clock": time.perf_counter() - clock}
        await close()
        assert heard() >= events, f"{events - heard()} events were not heard"
        return used


async def memory(events: int) -> list[dict[str, Any]]:
    """Resident megabytes along the way; calls come and go, so it must not grow."""
    process, found, count = psutil.Process(), [], 0
    async with _blaster(events, PER_SECOND) as port:
        link, over, picture = AmiLink("127.0.0.1", port, "u", "s", limits=Limits()), asyncio.Event(), Picture()

        def take(event: Event) -> None:
            nonlocal count
            count += 1
            picture.apply(event, 0.0)
            if count % (events // 5) == 0:
                found.append({"events": count, "megabytes": process.memory_info().rss / 1e6, "dropped": link.dropped, "calls held": len(picture.calls)})

        for name in EVENTS:
            link.subscribe(name, take)
        link.subscribe("Over", lambda event: over.set())
        async with link, asyncio.timeout(LIMIT_SECONDS):
            waiting = asyncio.create_task(over.wait())
            while not waiting.done():  # `Over` itself may be among what was dropped
                await asyncio.wait((waiting,), timeout=1)
                if link.connected and not link._waiting and count + link.dropped >= events:
                    break
            waiting.cancel()
    return found


async def resync() -> list[dict[str, Any]]:
    """From connecting to the true state of 500 agents and 1000 callers."""
    took = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as home:
            begin = time.perf_counter()
            async with house(Path(home)) as built:
                await built.was_resynced(1)
                took.append(time.perf_counter() - begin)
                assert_true(built)
    return [{"agents": 500, "callers": 1000, "best seconds": min(took), "worst seconds": max(took)}]


async def latency(per_second: float, seconds: float) -> list[dict[str, Any]]:
    """An AMI event on the socket -> telephony's link -> the floor's log -> web -> a subscriber's message."""
    waits: list[float] = []
    wanted = int(per_second * seconds)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with _web(home) as (address, token), Peer() as peer:
            link, events = AmiLink("127.0.0.1", peer.port, "hotline", "secret"), Events(home)
            link.subscribe("UserEvent", lambda event: events.say("call", {"sent": event["Sent"], "linkedid": event["Linkedid"]}))
            async with link, httpx.AsyncClient(timeout=60, trust_env=False) as client:
                await link.wait_connected(5)
                stream = client.stream("GET", f"{address}/api/events?kind=call", headers={"Authorization": f"Bearer {token}"})
                async with stream as answer, asyncio.timeout(seconds + 60):
                    lines = answer.aiter_lines()
                    await anext(lines)
                    sending = asyncio.create_task(_send(peer, per_second, wanted))
                    while len(waits) < wanted:
                        line = await anext(lines)
                        if line.startswith("data: "):
                            waits.append(time.perf_counter() - float(json.loads(line[6:])["sent"]))
                    await sending
    return [{"events a second": per_second, "events": len(waits), "p50 ms": percentile(waits, 0.5) * 1000, "p99 ms": percentile(waits, 0.99) * 1000, "max ms": max(waits) * 1000}]


async def _send(peer: Peer, per_second: float, wanted: int) -> None:
    begin = time.perf_counter()
    for number in range(wanted):
        if (left := begin + number / per_second - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        await peer.says(message(Event="UserEvent", UserEvent="Bench", Linkedid=f"1.{number}", Sent=f"{time.perf_counter():.6f}"))


@asynccontextmanager
async def _blaster(*events: int) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.blaster", *map(str, events), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _panoramisk(port: int, over: asyncio.Event) -> tuple[Callable[[], int], Callable[[], Any]]:
    heard = 0

    def take(manager: Manager, event: Any) -> None:
        nonlocal heard
        heard += bool(event.uniqueid or event.event)  # whoever listens looks into it
        if event.event == "Over":
            over.set()

    manager = Manager(host="127.0.0.1", port=port, username="u", secret="s", ping_delay=3600)
    manager.register_event("*", take)
    await manager.connect()

    async def close() -> None:
        manager.close()

    return lambda: heard, close


async def _link(port: int, over: asyncio.Event, picture: Picture | None = None) -> tuple[Callable[[], int], Callable[[], Any]]:
    heard = 0

    def take(event: Event) -> None:
        nonlocal heard
        heard += bool(event["Uniqueid"] or event.name)  # whoever listens looks into it
        if picture is not None and event.name in EVENTS:
            picture.apply(event, 0.0)
        if event.name == "Over":
            over.set()

    link = AmiLink("127.0.0.1", port, "u", "s", limits=LISTENS)
    link.subscribe("*", take)
    await link.start()
    return lambda: heard, link.close


async def _picture(port: int, over: asyncio.Event) -> tuple[Callable[[], int], Callable[[], Any]]:
    return await _link(port, over, Picture())


@asynccontextmanager
async def _web(home: Path) -> AsyncIterator[tuple[str, str]]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.web_alone", str(home), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        port, token = (await process.stdout.readline()).decode().split()
        yield f"http://127.0.0.1:{port}", token
    finally:
        process.terminate()
        await process.wait()
