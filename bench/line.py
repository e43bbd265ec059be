"""A telephone line as thin as can be: SIP and RTP straight on sockets, so that nothing but the hotline is measured.

The kernel stamps every packet as it arrives (SO_TIMESTAMPNS), so a busy Python does not make the hotline look slow.
Just enough of RFC 3261 for a call that is answered, listened to and ended; no other use is meant. It sends silence as a
telephone does: Answer() waits up to half a second for a caller's first packet (main/channel.c, ANSWER_WAIT_MS).
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np

SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h
T1_SECONDS: Final = 0.5  # RFC 3261 17.1.1.1
ANSWER_SECONDS: Final = 8.0
RTP_HEADER: Final = 12
FRAME: Final = 160  # samples, 20 ms
AUDIBLE: Final = 300  # as telephone.sound.opening has it
_numbers = itertools.count(1)


def _alaw() -> np.ndarray:
    """G.711 A-law, each byte's loudness."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15) << 4
    return np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0)).astype(np.int32)


ALAW: Final = _alaw()


class NoAnswer(Exception):
    """The call was refused or nobody took it; the message says which."""


@dataclass
class Heard:
    """When the call was answered and what came then, in seconds of the kernel's clock."""

    answered_at: float
    first_packet_at: float | None = None
    first_sound_at: float | None = None


@dataclass
class _Call:
    id: str
    number: str
    answer: asyncio.Future[float]
    branch: str
    tag: str
    media: tuple[str, int] = ("", 0)
    to: str = ""
    contact: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """Places any number of calls from one address to one hotline."""

    def __init__(self, hotline: tuple[str, int], address: str = "127.0.0.4") -> None:
        self._hotline = hotline
        self._address = address
        self._socket = _stamped(address)
        self._port: int = self._socket.getsockname()[1]
        self._calls: dict[str, _Call] = {}
        asyncio.get_running_loop().add_reader(self._socket, self._sip_arrives)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def call(self, number: str, caller: str, *, listen_seconds: float) -> Heard:
        """Dials, listens for so long, hangs up. Raises NoAnswer."""
        with _stamped(self._address) as rtp:
            call = self._new(number, caller)
            try:
                heard = Heard(await self._invite(call, caller, rtp.getsockname()[1]))
                silence = asyncio.create_task(_breathe(rtp, call.media))
                try:
                    await _listen(rtp, heard, listen_seconds)
                finally:
                    silence.cancel()
                await self._bye(call)
                return heard
            finally:
                del self._calls[call.id]

    def _new(self, number: str, caller: str) -> _Call:
        count = next(_numbers)
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        call = _Call(f"bench-{count}@{self._address}", number, answer, f"z9hG4bKbench{count}", f"{caller}{count}")
        call.to = f"<sip:{number}@{self._hotline[0]}>"
        self._calls[call.id] = call
        return call

    async def _invite(self, call: _Call, caller: str, rtp_port: int) -> float:
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self._address}\r\ns=-\r\nc=IN IP4 {self._address}\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
        )
        uri = f"sip:{call.number}@{self._hotline[0]}:{self._hotline[1]}"
        waits = T1_SECONDS
        async with asyncio.timeout(ANSWER_SECONDS):
            while not call.answer.done():
                self._send("INVITE", uri, call, caller, 1, sdp)
                await asyncio.wait((call.answer,), timeout=waits)
                waits *= 2
        return call.answer.result()

    async def _bye(self, call: _Call) -> None:
        for _ in range(4):
            self._send("BYE", call.contact, call, "", 2)
            try:
                async with asyncio.timeout(T1_SECONDS):
                    await call.done.wait()
                return
            except TimeoutError:
                continue

    def _send(self, method: str, uri: str, call: _Call, caller: str, count: int, body: str = "") -> None:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self._address}:{self._port};branch={call.branch}{method};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{caller or 'bench'}@{self._address}>;tag={call.tag}\r\nTo: {call.to}\r\n"
            f"Call-ID: {call.id}\r\nCSeq: {count} {method}\r\nContact: <sip:bench@{self._address}:{self._port}>\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._socket.sendto(text.encode(), self._hotline)

    def _sip_arrives(self) -> None:
        data, at = _receive(self._socket)
        text = data.decode(errors="replace")
        call = self._calls.get(_header(text, "Call-ID"))
        if text.startswith("SIP/2.0 ") and call is not None:
            self._replied(call, text, at)
        elif not text.startswith(("SIP/2.0 ", "ACK ")):
            self._agree(text)

    def _replied(self, call: _Call, text: str, at: float) -> None:
        status = int(text[8:11])
        if _header(text, "CSeq").endswith("BYE"):
            call.done.set()
        elif status >= 200:
            call.to = _header(text, "To")
            contact = re.search(r"<([^>]+)>", _header(text, "Contact"))
            call.contact = contact[1] if contact else ""
            self._send("ACK", call.contact or f"sip:{call.number}@{self._hotline[0]}", call, "", 1)
            if call.answer.done():
                return
            if status >= 300:
                call.answer.set_exception(NoAnswer(text.split("\r\n", 1)[0]))
                return
            call.media = _media(text)
            call.answer.set_result(at)

    def _agree(self, request: str) -> None:
        """Says yes to whatever the hotline asks within a call (its own BYE, most likely)."""
        kept = [line for line in request.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        self._socket.sendto(("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0"]) + "\r\n\r\n").encode(), self._hotline)


async def _listen(rtp: socket.socket, heard: Heard, seconds: float) -> None:
    def arrives() -> None:
        data, at = _receive(rtp)
        if len(data) <= RTP_HEADER or data[1] & 0x7F != 8:
            return
        if heard.first_packet_at is None:
            heard.first_packet_at = at
        if heard.first_sound_at is None and ALAW[np.frombuffer(data, np.uint8, offset=RTP_HEADER)].max() > AUDIBLE:
            heard.first_sound_at = at

    asyncio.get_running_loop().add_reader(rtp, arrives)
    try:
        await asyncio.sleep(seconds)
    finally:
        asyncio.get_running_loop().remove_reader(rtp)


async def _breathe(rtp: socket.socket, media: tuple[str, int]) -> None:
    """A quiet caller: a packet of A-law silence every 20 ms, until cancelled."""
    for count in itertools.count():
        header = struct.pack("!BBHII", 0x80, 8, count & 0xFFFF, count * FRAME & 0xFFFFFFFF, 12345)
        rtp.sendto(header + b"\xd5" * FRAME, media)
        await asyncio.sleep(FRAME / 8000)


def _media(answer: str) -> tuple[str, int]:
    """Where the hotline wants its audio (RFC 4566)."""
    address = re.search(r"^c=IN IP4 (\S+)", answer, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", answer, re.MULTILINE)
    if address is None or port is None:
        raise ValueError(f"an answer without audio: {answer}")
    return address[1], int(port[1])


def _stamped(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind((address, 0))
    made.setblocking(False)
    return made


def _receive(source: socket.socket) -> tuple[bytes, float]:
    data, extra, _, _ = source.recvmsg(4096, socket.CMSG_SPACE(16))
    for level, kind, value in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", value[:16])
            return data, seconds + nanoseconds / 1e9
    raise OSError("the kernel does not say when a packet arrived")


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1].strip() if found else ""
