"""The ears of the hotline for who lives in an event loop: one process that recognises live calls, kept alive and watched.

    ears = Ears(choose, sample)
    running = asyncio.create_task(ears.run())
    ears.want()                                   # somebody may soon be listened to: load it
    tap = ears.open(("caller",), told)            # raises NobodyListens, NoRoom; told(dict) in the loop, until {"over": …}
    tap.ask(turn, wishes); tap.close()

Nothing here waits for the process: a line too few, a second too long, and it is killed, every tap is over, a new one begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from speech.choice import Choice

COMMAND = (sys.executable, "-m", "speech.ears")
LOAD_SECONDS = 120.0
SILENT_SECONDS = 4.0  # it says that it lives each second
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 60.0
LINE_BYTES = 64 * 1024
MOST_UNSENT_BYTES = 64 * 1024

log = structlog.get_logger(__name__)

Told = Callable[[dict[str, Any]], None]
Wishes = Sequence[tuple[str, Sequence[str]]]


class Unusable(Exception):  # noqa: N818
    """No recogniser can be had until somebody mends it; the message says what."""


class NobodyListens(Exception):  # noqa: N818 - a refusal, read as a sentence
    """No recogniser is ready; the message says why."""


class NoRoom(Exception):  # noqa: N818
    """As many streams as this machine was measured for are open."""


@dataclass(frozen=True)
class Ready:
    """What the process said of itself."""

    model: str
    port: int
    streams: int
    cost: float


class Tap:
    """One call that is listened to. `name` is what Asterisk's AudioSocket must say."""

    def __init__(self, ears: Ears, sides: Sequence[str], told: Told) -> None:
        self.name = str(uuid.uuid4())
        self.sides = tuple(sides)
        self.told = told
        self._ears = ears

    @property
    def port(self) -> int:
        return self._ears.ready.port if self._ears.ready else 0

    def ask(self, turn: int, wishes: Wishes | None) -> None:
        self._ears.send({"ask": self.name, "turn": turn, "wishes": wishes})

    def close(self) -> None:
        """Nothing is told any more."""
        self._ears.forget(self.name)
        self._ears.send({"close": self.name})


class Ears:
    """`choose` says which engine (it may look at files, and raise Unusable), `sample` some speech to measure with, `most` a person's own budget."""

    def __init__(
        self, choose: Callable[[], Choice], sample: Callable[[], Sequence[Path]], most: int | None = None, command: tuple[str, ...] = COMMAND
    ) -> None:
        self.ready: Ready | None = None
        self.fault = "it has not been loaded yet"
        """Why nobody listens, in words."""
        self._choose, self._sample, self._most, self._command = choose, sample, most, command
        self._wanted = asyncio.Event()
        self._taps: dict[str, Tap] = {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def streams(self) -> int:
        """How many sides may be listened to at once."""
        return 0 if self.ready is None else self.ready.streams if self._most is None else self._most

    @property
    def open_streams(self) -> int:
        return sum(len(tap.sides) for tap in self._taps.values())

    def want(self) -> None:
        """From now on the process is kept running."""
        self._wanted.set()

    def open(self, sides: Sequence[str], told: Told) -> Tap:
        """Raises NobodyListens, NoRoom. The first time it is asked in vain, the process begins to load."""
        self.want()
        if self.ready is None:
            raise NobodyListens(self.fault)
        if self.open_streams + len(sides) > self.streams:
            raise NoRoom(f"{self.open_streams} of {self.streams} streams are in use, and this needs {len(sides)}")
        tap = Tap(self, sides, told)
        self._taps[tap.name] = tap
        self.send({"open": tap.name, "sides": list(tap.sides)})
        return tap

    def forget(self, name: str) -> None:
        self._taps.pop(name, None)

    def send(self, told: dict[str, Any]) -> None:
        """To a process that takes no more lines, nothing: it is about to be found out."""
        writer = self._process.stdin if self._process is not None else None
        if writer is None or writer.is_closing() or writer.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            return
        writer.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")

    async def run(self) -> None:
        """Until cancelled; then the process is gone."""
        await self._wanted.wait()
        rest = FIRST_REST_SECONDS
        while True:
            try:
                await self._live()
                rest = FIRST_REST_SECONDS if self.ready else rest * 2
            except Unusable as error:
                rest = LONGEST_REST_SECONDS
                self.fault = str(error)
                log.warning("nobody listens to live calls", reason=str(error))
            except OSError as error:
                self.fault = str(error)
                log.warning("nobody listens to live calls", reason=str(error))
            except Exception:  # noqa: BLE001 - outermost: calls go on without being listened to, and it is tried again
                log.exception("live calls are not listened to")
            finally:
                await self._lost()
            await asyncio.sleep(min(rest, LONGEST_REST_SECONDS))

    async def _live(self) -> None:
        """One life of the process. Raises Unusable, OSError."""
        choice, samples = await asyncio.to_thread(lambda: (self._choose(), [str(path) for path in self._sample()]))
        environ = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command, choice.as_text(), *samples, env=environ, stdin=pipe, stdout=pipe, limit=LINE_BYTES
        )
        assert process.stdout is not None
        self.fault = "it is being loaded; try again in a few seconds"
        seconds = LOAD_SECONDS
        with contextlib.suppress(TimeoutError, ValueError, KeyError, TypeError):  # it hangs, or is not what it should be
            while True:
                async with asyncio.timeout(seconds):
                    line = await process.stdout.readline()
                if not line:
                    return
                self._take(json.loads(line))
                if self.ready is not None:
                    seconds = SILENT_SECONDS

    def _take(self, said: dict[str, Any]) -> None:
        """Raises Unusable; KeyError, TypeError, ValueError for what is no line of ours."""
        if "error" in said:
            raise Unusable(str(said["message"]))
        if "ready" in said:
            self.ready = Ready(str(said["ready"]), int(said["port"]), int(said["streams"]), float(said["cost"]))
            log.info("live calls can be listened to", model=self.ready.model, streams=self.streams, cost=self.ready.cost)
            return
        name = next((str(said[kind]) for kind in ("came", "heard", "speaking", "spoke", "over") if kind in said), "")
        tap = self._taps.get(name)
        if tap is not None:
            if "over" in said:
                self.forget(name)
            tap.told(said)

    async def _lost(self) -> None:
        """The process ends; whoever was listened to is so no more."""
        if self.ready is not None:
            log.warning("the listener to live calls is gone", taps=len(self._taps))
            self.fault = "it is being started again"
        self.ready, process, self._process = None, self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        taps, self._taps = list(self._taps.values()), {}
        for tap in taps:
            tap.told({"over": tap.name, "why": "lost"})
