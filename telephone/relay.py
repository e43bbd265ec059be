"""A bad line between the telephone network and the hotline: loses and delays sound, the same way each time.

    async with BadLine(("127.0.0.3", 5060), network=("127.0.0.2", 5060), hotline=("127.0.0.1", 5060)) as line:
        …                                   # the network calls the line's address instead of the hotline's
    line.carried, line.lost

Signalling passes whole (SIP would only repeat itself); in its session descriptions each side finds the line's own
ports, so that sound goes through them. What is lost and how late the rest comes is drawn from one seed.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

Address = tuple[str, int]
Heard = Callable[[bytes, Address], None]

CALL_ID: Final = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
LENGTH: Final = re.compile(rb"^(Content-Length|l)[ \t]*:[ \t]*[0-9]+", re.IGNORECASE | re.MULTILINE)
AUDIO: Final = re.compile(rb"^m=audio ([0-9]+) ", re.MULTILINE)
WHERE: Final = re.compile(rb"^(c=IN IP4 )(\S+)", re.MULTILINE)
FIRST_PORT: Final = 28000
RATE: Final = 8000  # of RTP timestamps of telephone sound
STALL_SECONDS: Final = 2.0  # a sender's clock that is further off than this has begun anew
PORTS_OF_A_CALL: Final = 4  # two of sound, and after each the one of its RTCP, which goes nowhere


@dataclass(frozen=True)
class Quality:
    """How bad it is. Jitter beyond 20 ms also changes the order of packets."""

    loss: float = 0.03
    delay_seconds: float = 0.02
    jitter_seconds: float = 0.03
    seed: int = 12345


@dataclass
class Clock:
    """When a side's packets would come on a machine that has time: a busy one hands them over in heaps, and a heap is
    not what this line is meant to stir."""

    began: float = 0.0
    last: int = -1

    def time(self, data: bytes, now: float) -> float:
        """By the packet's timestamp (RFC 3550, 5.1); packets of one key share theirs (RFC 4733): they come when they come."""
        stamp = int.from_bytes(data[4:8], "big")
        same, self.last = stamp == self.last, stamp
        if abs(self.began + stamp / RATE - now) > STALL_SECONDS:
            self.began = now - stamp / RATE
        return now if same else self.began + stamp / RATE


@dataclass
class Media:
    """The sound of one call: a port that faces each side, and where each side wants it."""

    ports: dict[str, asyncio.DatagramTransport] = field(default_factory=dict)
    wanted_at: dict[str, Address] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)


class BadLine:
    """Listens from `async with` on; every port is closed at its end."""

    def __init__(self, address: Address, *, network: Address, hotline: Address, quality: Quality | None = None) -> None:
        self.carried = self.lost = 0
        self._address = address
        self._ends = {"network": network, "hotline": hotline}
        self._quality = quality or Quality()
        self._chance = random.Random(self._quality.seed)  # noqa: S311 - the same line each time
        self._numbers = itertools.count()
        self._calls: dict[bytes, Media] = {}
        self._late: set[asyncio.TimerHandle] = set()
        self._sip: asyncio.DatagramTransport | None = None
        self._queue: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: _Port(lambda data, source: self._queue.put_nowait((data, source))), self._address)
        self._signalling = asyncio.create_task(self._signal())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._signalling.cancel()
        for handle in self._late:
            handle.cancel()
        for transport in (self._sip, *(port for media in self._calls.values() for port in media.ports.values())):
            if transport is not None:
                transport.close()

    async def _signal(self) -> None:
        """One message after another, in their order."""
        while True:
            data, source = await self._queue.get()
            side = "hotline" if source == self._ends["hotline"] else "network"
            other = "network" if side == "hotline" else "hotline"
            assert self._sip is not None
            self._sip.sendto(await self._described(data, side, other), self._ends[other])

    async def _described(self, data: bytes, side: str, other: str) -> bytes:
        """The message; where it says where its sender wants sound, the line's port is said instead."""
        head, gap, body = data.partition(b"\r\n\r\n")
        call, audio, where = CALL_ID.search(head), AUDIO.search(body), WHERE.search(body)
        if not (call and audio and where):
            return data
        media = await self._media(call[1])
        media.wanted_at[side] = (where[2].decode(), int(audio[1]))
        host, port = media.ports[other].get_extra_info("sockname")
        body = AUDIO.sub(b"m=audio %d " % port, WHERE.sub(rb"\g<1>" + host.encode(), body))
        return LENGTH.sub(rb"\g<1>: %d" % len(body), head) + gap + body

    async def _media(self, call: bytes) -> Media:
        if call not in self._calls:
            media = self._calls[call] = Media()
            first = FIRST_PORT + PORTS_OF_A_CALL * next(self._numbers)
            for number, side in enumerate(self._ends):
                media.ports[side] = await self._port(media, side, first + 2 * number)
        return self._calls[call]

    async def _port(self, media: Media, side: str, number: int) -> asyncio.DatagramTransport:
        """Faces `side`; what comes in there goes out at the other port, so that both ends see one address."""
        other = next(name for name in self._ends if name != side)

        def heard(data: bytes, _source: Address) -> None:
            if other in media.wanted_at:
                now = asyncio.get_running_loop().time()
                self._carry(media.ports[other], data, media.wanted_at[other], media.clocks.setdefault(side, Clock()).time(data, now))

        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Port(heard), (self._address[0], number))
        return transport

    def _carry(self, port: asyncio.DatagramTransport, data: bytes, target: Address, came: float) -> None:
        quality = self._quality
        lost, wait = self._chance.random() < quality.loss, quality.delay_seconds + self._chance.random() * quality.jitter_seconds
        if lost:
            self.lost += 1
            return

        def arrives() -> None:
            self._late.discard(handle)
            if not port.is_closing():
                port.sendto(data, target)

        handle = asyncio.get_running_loop().call_at(came + wait, arrives)
        self._late.add(handle)
        self.carried += 1


class _Port(asyncio.DatagramProtocol):
    """Tells each packet and its source."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._heard(data, addr)

