"""How many deliveries a second one worker makes when the case system answers at once, slowly, or not at all for some tickets.

A worker process of its own on a register of its own, a receiver in a third process that keeps each key once. Counted at the receiver, from
the first to the last; order and doubles are counted too, for speed that loses something is no speed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.databases import KINDS, Kind, opened
from tickets.case_system import CaseSystem
from tickets.connectors.webhook import Webhook
from tickets.jobs import open_store
from tickets.patience import Patience
from tickets.transcriber import Transcript
from tickets.worker import work

KEY = b"a key for measuring"
EVENTS_EACH = 4
LIMIT_SECONDS = 300.0
PROCESSES = multiprocessing.get_context("spawn")


def measure(folder: Path, full: bool, kinds: tuple[Kind, ...] = KINDS) -> list[dict[str, object]]:
    """One row for each database and kind of receiver."""
    plan = [("at once", 0.0, False, 400), ("after 0.1 s", 0.1, False, 400), ("after 1 s", 1.0, False, 160), ("500 at first, then at once", 0.0, True, 120)]
    rows = []
    for kind, (number, (name, delay, failing, tickets)) in itertools.product(kinds, enumerate(plan)):
        with opened(kind, home := folder / f"{kind}-{number}") as url:
            rows.append({"database": kind} | _row(home, url, name, delay, failing, tickets * (5 if full else 1) // EVENTS_EACH))
    return rows


def _row(home: Path, url: str, name: str, delay: float, failing: bool, tickets: int) -> dict[str, object]:
    home.mkdir(parents=True, exist_ok=True)
    store = open_store(url)
    text = {"ticket": {"text": "路灯坏了，晚上看不见路。" * 100}}  # about as large as a message's
    for _ in range(EVENTS_EACH):
        for ticket in range(tickets):
            with store.database.writes() as session:
                store.outbox.put(session, "ticket.updated", (about := f"20261122-{ticket:06d}"), {**text, "about": about})
    store.close()
    with _receiver(delay, failing) as (address, tell), _worker(home, url, address) as cost:
        seen = _counted(tell, tickets * EVENTS_EACH)
    return {
        "receiver answers": name, "deliveries": tickets * EVENTS_EACH, "a second": len(seen["keys"]) / seen["seconds"], "requests": seen["requests"],
        "doubled": len(seen["keys"]) - len(set(seen["keys"])), "out of order": seen["disorder"], "worker's processor s": cost["seconds"],
    }  # fmt: skip


def _counted(tell: Connection, wanted: int) -> dict[str, Any]:
    """What the receiver has seen when all is there."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        tell.send("count")
        seen: dict[str, Any] = tell.recv()
        if len(seen["keys"]) >= wanted:
            return seen
        tell.poll(0.2)
    raise TimeoutError(f"{len(seen['keys'])} of {wanted} deliveries in {LIMIT_SECONDS:g} s")


@contextmanager
def _receiver(delay: float, failing: bool) -> Iterator[tuple[str, Connection]]:
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_receive, args=(theirs, delay, failing), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join(10)


@contextmanager
def _worker(home: Path, url: str, address: str) -> Iterator[dict[str, float]]:
    cost = {"seconds": 0.0}
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_work, args=(home, url, address, theirs), daemon=True)
    process.start()
    try:
        yield cost
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        if ours.poll(30):
            cost["seconds"] = ours.recv()
        process.join(30)


def _work(home: Path, url: str, address: str, tell: Connection) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    log = os.open(home / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    work(home, url, _hear, stop, case_system=CaseSystem(Webhook(address, KEY, 10), Patience(first_seconds=0.5)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    tell.send(used.ru_utime + used.ru_stime)


def _hear(path: Path) -> Transcript:
    raise AssertionError(f"{path}: nothing is to be heard")


def _receive(tell: Connection, delay: float, failing: bool) -> None:
    asyncio.run(_Receiver(delay, failing).serve(tell))


class _Receiver:
    """An HTTP server that does as little as it must, so that it is not what is measured."""

    def __init__(self, delay: float, failing: bool) -> None:
        self._delay, self._failing = delay, failing
        self._keys: list[str] = []
        self._refused = set[str]()
        self._last: dict[str, int] = {}
        self._requests = self._disorder = 0
        self._first = self._newest = 0.0

    async def serve(self, tell: Connection) -> None:
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        tell.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        async with server:
            while await asyncio.to_thread(tell.recv) == "count":
                tell.send({"keys": self._keys, "requests": self._requests, "disorder": self._disorder, "seconds": max(0.001, self._newest - self._first)})

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self._requests += 1
            self._first = self._first or time.monotonic()
            await asyncio.sleep(self._delay)
            key = headers["idempotency-key"]
            status = "500 Sorry" if self._failing and key not in self._refused else "200 OK"
            self._refused.add(key)
            if status == "200 OK":
                self._take(key, body)
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the worker was stopped
        finally:
            writer.close()

    def _take(self, key: str, body: dict[str, Any]) -> None:
        about = str(body["about"])
        self._disorder += body["sequence"] != self._last.get(about, 0) + 1
        self._last[about] = body["sequence"]
        self._keys.append(key)
        self._newest = time.monotonic()
