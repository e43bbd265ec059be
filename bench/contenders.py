"""The AGI servers that are held against each other, each a process of its own: python -m bench.contenders KIND PORT

Each answers the two-key menu (`menu`) or asks one question over and over (`loop`), in the way its makers show it. What
only ours does (limits, deadlines, hostile input, keys that Asterisk dropped) is part of what it costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socketserver
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import uvloop
from panoramisk.fast_agi import Application, Request

from agi.errors import AgiError
from agi.server import AgiServer, Limits
from agi.wire import Wire
from bench import script
from hotline import menus
from hotline.serve.ready_menus import city_of
from hotline.settings import Settings

SESSIONS: Final = 4096
COMMAND_SECONDS: Final = 30.0
KINDS: Final = ("ours", "panoramisk", "threads")

Say = Callable[[str], Awaitable[str]]


class Loop(AgiServer):
    """Our server and its wire, with one question in place of the menu."""

    async def _session(self, wire: Wire) -> str:
        await wire.header(COMMAND_SECONDS)
        with contextlib.suppress(AgiError):
            while True:
                await wire.ask(script.QUESTION, COMMAND_SECONDS)
        return "gone"


async def ours(port: int, what: str) -> None:
    limits = Limits(sessions=SESSIONS)
    if what == "loop":
        await Loop(_no_menus, limits=limits).start(port)
    else:
        await AgiServer(partial(city_of, menus.Store.of(Settings.load())), limits=limits).start(port)


def _no_menus(_version: str) -> object:
    raise LookupError


async def panoramisk(port: int, what: str) -> None:
    """As its documentation has it: asyncio.start_server on the application's handler."""
    application = Application()
    application.add_route("hotline", _panoramisk_loop if what == "loop" else _panoramisk_menu)
    await asyncio.start_server(application.handler, "127.0.0.1", port)


async def _panoramisk_menu(request: Request) -> None:
    for ask in script.ASKS:
        await request.send_command(ask)
        await request.send_command(script.QUESTION)
    await request.send_command(script.DECISION)


async def _panoramisk_loop(request: Request) -> None:
    while not request.reader.at_eof():
        await request.send_command(script.QUESTION)


class Threaded(socketserver.StreamRequestHandler):
    """One blocking conversation in a thread, line by line, as pyst2's AGI class speaks it."""

    def handle(self) -> None:
        for command in self._commands():
            self.wfile.write(command.encode() + b"\n")
            self.wfile.flush()
            while (line := self.rfile.readline()).startswith(b"100"):
                continue
            if not re.match(rb"200 result=(-?\d+)", line):
                return

    def _commands(self) -> Iterator[str]:
        environment = {}
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            key, _, value = line.partition(":")
            environment[key.strip()] = value.strip()
        for ask in script.ASKS:
            yield ask
            yield script.QUESTION
        yield script.DECISION


class ThreadedServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


async def threads(port: int, _what: str) -> None:
    server = ThreadedServer(("127.0.0.1", port), Threaded)
    asyncio.get_running_loop().run_in_executor(None, server.serve_forever)


async def _serve(kind: str, port: int, what: str) -> None:
    await {"ours": ours, "panoramisk": panoramisk, "threads": threads}[kind](port, what)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=Path(os.devnull).open("w")))  # noqa: SIM115 - as long as the process
    run = uvloop.run if sys.argv[1] == "ours" else asyncio.run  # as each of them is run
    run(_serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
