"""A small AMI client for the telephone network's own Asterisk (the hotline's link, with its promises, is in queues/)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

ACTION_SECONDS: Final = 10.0
GONE: Final = "the connection to Asterisk is gone"
Event = dict[str, str]


class AmiError(Exception):
    """Asterisk refused an action, or did not answer it in time."""


class Ami:
    """One logged-in connection: actions with answers, events to whoever watches."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._watchers: list[Callable[[Event], None]] = []
        self._over = False
        self._pump = asyncio.create_task(self._read(), name="network-ami")

    @classmethod
    async def connect(cls, host: str, port: int, username: str, secret: str) -> Ami:
        """Connects and logs in. Raises AmiError or OSError."""
        async with asyncio.timeout(ACTION_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            await reader.readline()  # the greeting
        ami = cls(reader, writer)
        await ami.action("Login", Username=username, Secret=secret)
        return ami

    async def action(self, action: str, *variables: tuple[str, str], **fields: str) -> Event:
        """Sends one action and returns its answer. Raises AmiError."""
        number = str(next(self._ids))
        lines = [("Action", action), ("ActionID", number), *fields.items()]
        lines += [("Variable", f"{name}={value}") for name, value in variables]
        if any("\r" in value or "\n" in value for _, value in lines):
            raise AmiError(f"{action}: a line break in a field would be a second action")
        if self._over:
            raise AmiError(f"{action}: {GONE}")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write("".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n")
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                reply = await answer
        except TimeoutError:
            raise AmiError(f"{action}: no answer in {ACTION_SECONDS:g} s") from None
        finally:
            self._answers.pop(number, None)
        if reply.get("Response") not in ("Success", "Goodbye"):
            raise AmiError(f"{action}: {reply.get('Message', 'refused')}")
        return reply

    async def command(self, line: str) -> str:
        """A line of Asterisk's own console; returns what it prints."""
        return (await self.action("Command", Command=line)).get("Output", "")

    @asynccontextmanager
    async def watch(self, wanted: Callable[[Event], bool]) -> AsyncIterator[asyncio.Future[Event]]:
        """The first wanted event from now on; enter before the action that causes it."""
        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def look(event: Event) -> None:
            if not found.done() and wanted(event):
                found.set_result(event)

        self._watchers.append(look)
        try:
            yield found
        finally:
            self._watchers.remove(look)
            found.cancel()

    def listen(self, watcher: Callable[[Event], None]) -> Callable[[], None]:
        """Calls `watcher` with each event; returns the function that ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    async def close(self) -> None:
        """Raises what ended the reading before, if anything did."""
        self._pump.cancel()
        self._writer.close()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await self._pump

    async def _read(self) -> None:
        try:
            await self._read_blocks()
        finally:  # nobody waits for a connection that is gone
            self._over = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(AmiError(GONE))

    async def _read_blocks(self) -> None:
        fields: Event = {}
        while line := await self._reader.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = f"{fields[name]}\n{value}" if name in fields else value
            elif fields:
                self._dispatch(fields)
                fields = {}

    def _dispatch(self, fields: Event) -> None:
        if "Event" in fields:  # first: OriginateResponse has a Response too
            for watcher in tuple(self._watchers):
                watcher(fields)
        elif (answer := self._answers.get(fields.get("ActionID", ""))) and not answer.done():
            answer.set_result(fields)
