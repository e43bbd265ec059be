"""The bytes of AGI, both directions, and nothing else; their truth is tests/agi/transcripts, recorded from Asterisk.

A session is `name: value` lines, a blank line, then one command and one reply at a time. Between command and reply
may stand `100 …` (still at it) and `HANGUP` (a flag, not an answer). Other people's bytes are GBK or broken: kept
readable, never trusted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from math import inf

from agi.errors import ChannelGone, PeerSilent, PeerUnclear
from agi.reply import Reply, parse_reply

LINE_BYTES = 64 * 1024  # of a line, and of the whole header
USAGE_LINES = 200  # a 520 brings the command's manual page

USAGE_END = re.compile(r"520 End of proper usage")
GONE_CODE = 511  # "Command Not Permitted on a dead channel"


def parse_header(lines: Iterable[str]) -> dict[str, str]:
    """`agi_channel: PJSIP/x` -> {"channel": "PJSIP/x"}; a repeated name keeps its first value. Raises PeerUnclear."""
    header: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_"):
            raise PeerUnclear(f"not an AGI header: {line[:80]!r}")
        header.setdefault(name.removeprefix("agi_"), value.strip())
    if "network" not in header and "request" not in header:
        raise PeerUnclear("no AGI header")
    return header


class Wire:
    """One FastAGI connection. Every read has a limit.

    One timer for all limits of a connection, moved only when it strikes too early or too late: a timeout of its own for
    each command cost as much as the command.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.hung_up = False
        """Asterisk said HANGUP: the caller is gone, what was asked may still be answered."""
        self._owed = False
        self._deadline: float | None = None
        self._awaited = ""
        self._seconds = 0.0
        self._strikes = inf  # when the timer does
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    async def header(self, seconds: float) -> dict[str, str]:
        """The header. Raises PeerSilent, PeerUnclear, ChannelGone."""
        self._limit(seconds, "whole header")
        raw = await self._until(b"\n\n", "a header without end")  # line by line it cost as much as a question
        self._deadline = None
        return parse_header(raw.decode("utf-8", "replace").rstrip("\n").split("\n"))

    async def ask(self, command: str, seconds: float) -> Reply:
        """Sends one command (from agi.commands) and waits for its reply. Raises AgiError.

        After a reply that did not come there is no next command: the late one would be taken for its answer.
        """
        if self._owed:
            raise PeerSilent("a reply before is still owed")
        self._owed = True
        self._limit(seconds, "reply")
        self._writer.write(command.encode() + b"\n")  # no drain: one short command at a time never fills the buffer
        try:
            line = await self._line()
            reply = parse_reply(line) if line.startswith("200 ") else await self._other(line)
        except ChannelGone:
            self._owed = False  # nothing more will come
            raise
        self._deadline = None
        self._owed = False
        return reply

    def close(self) -> None:
        """Hands the channel back to the dialplan."""
        self._forget()
        self._writer.close()

    def abort(self) -> None:
        """The same, without waiting for a peer that does not read."""
        self._forget()
        self._writer.transport.abort()

    def _limit(self, seconds: float, what: str) -> None:
        """What is read from now on must come in this time."""
        self._awaited, self._seconds = what, seconds
        self._deadline = deadline = self._loop.time() + seconds
        if deadline < self._strikes:
            self._forget()
            self._strike_at(deadline)

    def _strike_at(self, moment: float) -> None:
        self._strikes, self._timer = moment, self._loop.call_at(moment, self._strike)

    def _strike(self) -> None:
        self._strikes = inf
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._strike_at(self._deadline)
        else:
            self._reader.set_exception(PeerSilent(f"no {self._awaited} within {self._seconds:g} s"))

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._strikes, self._timer = inf, None

    async def _other(self, line: str) -> Reply:
        """Whatever is not simply the reply."""
        while True:
            if line == "HANGUP":
                self.hung_up = True
            elif line.startswith("520-"):
                await self._usage()
                return Reply(520)
            elif not line.startswith("100"):
                return parse_reply(line)
            line = await self._line()

    async def _usage(self) -> None:
        for _ in range(USAGE_LINES):
            if USAGE_END.match(await self._line()):
                return
        raise PeerUnclear("a 520 without end")

    async def _line(self) -> str:
        raw = await self._until(b"\n", f"a line of more than {LINE_BYTES} bytes")
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def _until(self, end: bytes, endless: str) -> bytes:
        try:
            return await self._reader.readuntil(end)
        except asyncio.IncompleteReadError:
            raise ChannelGone("the connection was closed") from None
        except asyncio.LimitOverrunError:
            raise PeerUnclear(endless) from None
        except ConnectionError as error:
            raise ChannelGone(str(error)) from None
