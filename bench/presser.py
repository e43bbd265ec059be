"""A caller who presses keys, as thin as bench.line: events of RFC 4733 and no more packets than they need.

What the hotline says is left in the socket, stamped by the kernel, and looked at when the call is over: hundreds of
callers then fit into one process without making the hotline look slow.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.line import ALAW, AUDIBLE, FRAME, RTP_HEADER, Heard, Line, NoAnswer, _Call, _header, _receive, _stamped

EVENT: Final = 101
VOLUME: Final = 10
TICKS: Final = 800  # 100 ms
KEY_SECONDS: Final = 0.1
ENDS: Final = 3  # RFC 4733, 2.5.1.4: the end is said three times
END_SECONDS: Final = 20.0
SSRC: Final = 12345


@dataclass
class Rtp:
    """What one caller sends."""

    socket: socket.socket
    media: tuple[str, int]
    number: int = 0
    stamp: int = 0

    def send(self, kind: int, payload: bytes, *, marked: bool = False) -> None:
        self.number += 1
        header = struct.pack("!BBHII", 0x80, kind | (0x80 if marked else 0), self.number & 0xFFFF, self.stamp, SSRC)
        self.socket.sendto(header + payload, self.media)

    async def press(self, key: str) -> None:
        self.stamp += 8000
        self.send(EVENT, struct.pack("!BBH", int(key), VOLUME, FRAME), marked=True)
        await asyncio.sleep(KEY_SECONDS)
        for _ in range(ENDS):
            self.send(EVENT, struct.pack("!BBH", int(key), VOLUME | 0x80, TICKS))


class Presser(Line):
    """Places calls that press their way to the end of the menu, where the hotline hangs up."""

    def __init__(self, hotline: tuple[str, int], address: str = "127.0.0.4") -> None:
        super().__init__(hotline, address)
        self._ended: dict[str, asyncio.Event] = {}
        self._late: set[asyncio.Future[None]] = set()

    async def press(self, number: str, caller: str, keys: str, pause_seconds: float) -> Heard:
        """Dials, presses, and is hung up on. Raises NoAnswer, also when the end of the menu is not reached; TimeoutError."""
        with _stamped(self._address) as rtp:
            call = self._new(number, caller)
            ended = self._ended[call.id] = asyncio.Event()
            try:
                heard = Heard(await self._invite(call, caller, rtp.getsockname()[1]))
                mouth = Rtp(rtp, call.media)
                mouth.send(8, b"\xd5" * FRAME)  # Answer() waits for the caller's first packet
                for key in keys:
                    await asyncio.sleep(pause_seconds)
                    await mouth.press(key)
                if not await _within(ended, END_SECONDS):
                    await self._bye(call)
                    raise NoAnswer("the end of the menu was not reached")
                _look(rtp, heard)
                return heard
            finally:
                del self._ended[call.id]
                if call.answer.done():
                    del self._calls[call.id]
                else:  # answered too late: ended as soon as it is
                    call.answer.add_done_callback(lambda _: self._give_up(call))

    def _give_up(self, call: _Call) -> None:
        bye = asyncio.ensure_future(self._bye(call))
        self._late.add(bye)
        bye.add_done_callback(self._late.discard)

    def _agree(self, request: str) -> None:
        super()._agree(request)
        if request.startswith("BYE ") and (ended := self._ended.get(_header(request, "Call-ID"))):
            ended.set()


async def _within(ended: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    return True


def _look(rtp: socket.socket, heard: Heard) -> None:
    """Up to the first packet that can be heard."""
    try:
        while heard.first_sound_at is None:
            data, at = _receive(rtp)
            if len(data) > RTP_HEADER and data[1] & 0x7F == 8 and ALAW[np.frombuffer(data, np.uint8, offset=RTP_HEADER)].max() > AUDIBLE:
                heard.first_sound_at = at
    except BlockingIOError:
        return
