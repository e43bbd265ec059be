"""Answers Asterisk's FastAGI connections: who may come, how many at once, how long anything may take, how it ends.

Refusing is always safe: the dialplan goes on natively. So whatever is doubtful here is closed at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

import structlog
from structlog.contextvars import bind_contextvars

from agi import codes, lookups
from agi.errors import AgiError, ChannelGone, NotTheDialplan, PeerSilent
from agi.keys import Keys
from agi.session import Arrival, Menus, Session
from agi.wire import LINE_BYTES, Wire
from agi.words import Words

log = structlog.get_logger()

Listener = Callable[[Arrival], Words]


@dataclass(frozen=True)
class Limits:
    """Every limit of the server, by name."""

    sessions: int = 1000
    header_seconds: float = 3.0
    session_seconds: float = 1800.0
    backlog: int = 4096  # bursts break an AGI server at its listen queue first
    drain_seconds: float = 10.0


@dataclass
class Counts:
    """What has happened since the start, for /metrics."""

    sessions: Counter[str]
    """Ended sessions by outcome: a decision's name, abandoned, gone, refused, strangers, silent, failed, drained; a feature code."""
    active: int = 0


class AgiServer:
    """`await start()`, then `await drain()` at the end."""

    def __init__(self, menus: Menus, keys: Keys | None = None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.counts = Counts(Counter())
        self.codes: codes.Answers = codes.nobody
        """Who answers the feature codes that agents dial; set when the floor's desk is open."""
        self.listener: Listener = lambda arrival: Words()
        """Who hears what callers say at a menu; until it is set, nobody does."""
        self.lookup: lookups.Lookup = lookups.nobody
        """Who looks up citizens' tickets."""
        self._menus = menus
        self._keys = keys or Keys()
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], Wire] = {}
        self._draining = False

    async def start(self, port: int, host: str = "127.0.0.1") -> int:
        """Listens; returns the port. Raises OSError."""
        self._server = await asyncio.start_server(
            self._accept, host, port, limit=LINE_BYTES, backlog=self.limits.backlog, reuse_address=True
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        log.info("agi server listening", port=bound)
        return bound

    async def drain(self, seconds: float | None = None) -> None:
        """Takes no new call, lets those inside finish, then hands the rest back to the dialplan."""
        self._draining = True
        if self._server is not None:
            self._server.close()
        if self._sessions:
            limit = self.limits.drain_seconds if seconds is None else seconds
            log.info("agi server draining", sessions=len(self._sessions), seconds=limit)
            await asyncio.wait(list(self._sessions), timeout=limit)
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Called for each connection; must be quick and must not fail."""
        wire = Wire(reader, writer)
        if refusal := self._refusal(writer):
            self.counts.sessions[refusal] += 1
            wire.abort() if refusal == "strangers" else wire.close()
            return
        task = asyncio.ensure_future(self._serve(wire))
        self._sessions[task] = wire
        self.counts.active += 1
        task.add_done_callback(self._ended)

    def _refusal(self, writer: asyncio.StreamWriter) -> str:
        if not ip_address(self._peer(writer)).is_loopback:
            return "strangers"  # FastAGI knows no password: the address is all there is
        if self._draining or len(self._sessions) >= self.limits.sessions:
            return "refused"
        return ""

    @staticmethod
    def _peer(writer: asyncio.StreamWriter) -> str:
        address: tuple[str, int] | None = writer.get_extra_info("peername")
        return address[0] if address else "0.0.0.0"  # noqa: S104 - gone before it was looked at

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sessions.pop(task).close()
        self.counts.active -= 1
        if task.cancelled():
            self.counts.sessions["drained"] += 1
        elif error := task.exception():
            self.counts.sessions["failed"] += 1
            log.error("agi session failed", exc_info=error)

    async def _serve(self, wire: Wire) -> None:
        try:
            async with asyncio.timeout(self.limits.session_seconds):
                outcome = await self._session(wire)
        except ChannelGone:
            outcome = "gone"
        except NotTheDialplan:
            outcome = "strangers"
        except (PeerSilent, TimeoutError) as error:
            outcome = "silent"
            log.warning("agi peer silent", reason=str(error))
        except (AgiError, LookupError) as error:
            outcome = "failed"
            log.warning("agi session given up", reason=str(error))
        self.counts.sessions[outcome] += 1

    async def _session(self, wire: Wire) -> str:
        header = await wire.header(self.limits.header_seconds)
        if codes.is_code(header):
            return await codes.serve(wire, header, self.codes)
        if lookups.is_lookup(header):
            return await lookups.serve(wire, header, self.lookup)
        arrival = Arrival.of(header)
        bind_contextvars(linkedid=arrival.linkedid, called=arrival.called)  # the task is this call's alone
        session = Session(wire, arrival, self._menus(arrival.version), self._keys, self.listener(arrival))
        outcome = await session.run()
        log.info("call", version=arrival.version, outcome=outcome, at=session.at)
        return outcome
