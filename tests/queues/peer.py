"""An AMI server of our own on loopback: says what a test tells it to, byte for byte, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"

Action = dict[str, str]


class Peer:
    """One server; each connection is told apart by its number. `asked` holds every action in order."""

    def __init__(self) -> None:
        self.asked: list[Action] = []
        self.connections = 0
        self.greets = True
        self.accepts = True
        self.secret = "secret"
        self.answers: dict[str, bytes | None] = {}
        """By action's name: what follows `ActionID`; None: no answer at all."""
        self.on_action: Callable[[Action, asyncio.StreamWriter], Awaitable[None]] | None = None
        self.changed = asyncio.Condition()
        self.writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        self.drop()

    def drop(self) -> None:
        """Ends the present connection, as a killed Asterisk would."""
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None

    async def says(self, data: bytes, pieces: int | None = None) -> None:
        """Sends bytes, in pieces of so many, each its own write (and mostly its own read)."""
        assert self.writer is not None
        for start in range(0, len(data), pieces or len(data)):
            self.writer.write(data[start : start + (pieces or len(data))])
            await self.writer.drain()
            if pieces:
                await asyncio.sleep(0)

    async def was_asked(self, name: str, times: int = 1) -> None:
        """Waits until an action of that name has come so many times."""
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.count(name) >= times)

    async def was_connected(self, times: int) -> None:
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.connections >= times)

    def count(self, name: str) -> int:
        return sum(action["Action"] == name for action in self.asked)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writer = writer
        await self._tell()
        if not self.accepts:
            writer.transport.abort()
            return
        if self.greets:
            writer.write(GREETING)
        try:
            while True:
                action = await self._read(reader)
                self.asked.append(action)
                await self._tell()
                await self._answer(action, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Action:
        text = (await reader.readuntil(b"\r\n\r\n")).decode()
        return dict(line.split(": ", 1) for line in text.split("\r\n") if line)

    async def _answer(self, action: Action, writer: asyncio.StreamWriter) -> None:
        name = action["Action"]
        if self.on_action is not None:
            await self.on_action(action, writer)
        if name == "Login" and name not in self.answers:
            right = action["Secret"] == self.secret
            said = b"Response: Success\r\n" if right else b"Response: Error\r\nMessage: Authentication failed\r\n"
            writer.write(said + f"ActionID: {action['ActionID']}\r\n\r\n".encode() + (BOOTED if right else b""))
            return
        answer = self.answers.get(name, b"Response: Success\r\n\r\n")
        if answer is not None:
            writer.write(answer.replace(b"\r\n", f"\r\nActionID: {action['ActionID']}\r\n".encode(), 1))

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()
