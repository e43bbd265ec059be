"""Live sound of a call leg: Asterisk's AudioSocket connects here, one TCP connection for each leg.

Wire (Asterisk, res_audiosocket.c): kind (1 byte), length (2 bytes, big endian), payload. Every leg is spoken to
without a pause, in silence when there is nothing to say, as a real telephone does: recordings on the other side
then keep their time.
"""

from __future__ import annotations

import asyncio
import struct
import uuid
from collections import deque
from typing import Final

import numpy as np

from telephone.sound import RATE, Samples

HANGUP: Final = 0x00
UUID: Final = 0x01
DTMF: Final = 0x03
AUDIO: Final = 0x10

FRAME_SAMPLES: Final = 160  # 20 ms
FRAME_SECONDS: Final = 0.02
CATCH_UP_FRAMES: Final = 10  # after a stall longer than this the missed time is not made up for
CONNECT_SECONDS: Final = 10.0
_SILENCE: Final = bytes(2 * FRAME_SAMPLES)


class Leg:
    """One call leg as sound: what was heard so far, and what is still to be said."""

    def __init__(self) -> None:
        self.id = str(uuid.uuid4())
        self.up = asyncio.Event()
        self.ended = asyncio.Event()
        self.keys = ""
        self._heard = bytearray()
        self._more = asyncio.Condition()
        self._queue: deque[bytes] = deque()
        self._said = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    @property
    def samples_heard(self) -> int:
        return len(self._heard) // 2

    @property
    def seconds_heard(self) -> float:
        return self.samples_heard / RATE

    def heard(self, start: int = 0) -> Samples:
        """What was heard from sample `start` on; 0 is when the leg came up."""
        return np.frombuffer(bytes(self._heard[2 * start : 2 * self.samples_heard]), dtype="<i2").astype(np.int16)

    async def has_heard(self, samples: int, seconds: float) -> bool:
        """Waits until so many samples were heard; False when the leg ended or the time was up before."""
        async with self._more:
            try:
                async with asyncio.timeout(seconds):
                    await self._more.wait_for(lambda: self.samples_heard >= samples or self.ended.is_set())
            except TimeoutError:
                return False
        return self.samples_heard >= samples

    async def say(self, samples: Samples) -> None:
        """Speaks, and returns once all of it is on the wire or the leg has ended."""
        data = samples.astype("<i2").tobytes()
        step = 2 * FRAME_SAMPLES
        self._said.clear()
        self._queue.extend(data[at : at + step].ljust(step, b"\0") for at in range(0, len(data), step))
        ended = asyncio.create_task(self.ended.wait())
        said = asyncio.create_task(self._said.wait())
        try:
            await asyncio.wait((ended, said), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            said.cancel()

    def tick(self) -> None:
        """Sends the next 20 ms."""
        if self._writer is None or self._writer.is_closing():
            return
        payload = self._queue.popleft() if self._queue else _SILENCE
        self._writer.write(struct.pack(">BH", AUDIO, len(payload)) + payload)
        if not self._queue:
            self._said.set()

    async def attach(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes the connection over until it ends."""
        self._writer = writer
        self.up.set()
        try:
            while True:
                kind, payload = await _frame(reader)
                if kind == HANGUP:
                    break
                if kind == AUDIO:
                    self._heard += payload
                    await self._tell()
                elif kind == DTMF:
                    self.keys += payload.decode("ascii", "replace")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # how Asterisk ends a leg that was hung up
        finally:
            self._writer = None
            self.ended.set()
            await self._tell()

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()


class AudioSocketServer:
    """Listens for legs; each must have been announced by `expect` before it connects."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.port = 0
        self._expected: dict[str, Leg] = {}
        self._legs: set[Leg] = set()
        self._server: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._ticker = asyncio.create_task(self._tick(), name="audiosocket-ticker")

    async def stop(self) -> None:
        if self._ticker:
            self._ticker.cancel()
        if self._server:
            self._server.close()

    def expect(self) -> Leg:
        leg = Leg()
        self._expected[leg.id] = leg
        return leg

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                kind, payload = await _frame(reader)
            leg = self._expected.pop(str(uuid.UUID(bytes=payload)), None) if kind == UUID and len(payload) == 16 else None
            if leg is None:
                return
            self._legs.add(leg)
            try:
                await leg.attach(reader, writer)
            finally:
                self._legs.discard(leg)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _tick(self) -> None:
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            due = max(due + FRAME_SECONDS, clock.time() - CATCH_UP_FRAMES * FRAME_SECONDS)
            for leg in tuple(self._legs):
                leg.tick()
            await asyncio.sleep(max(0.0, due - clock.time()))


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length = struct.unpack(">BH", await reader.readexactly(3))
    return kind, await reader.readexactly(length)
