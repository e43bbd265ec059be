"""panoramisk's Manager for exactly one connection: opened, logged in, booted, watched, all with a limit (ADR 0070).

Trying again is not its business (`queues.ami` does that, in one task that can be cancelled): its own timers would
reconnect after close(), twice after a `Shutdown` event, and for ever at one rate with a wrong secret.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from panoramisk import Manager as PanoramiskManager

from queues.errors import ActionRefused, AmiError, LinkBusy, LoginRefused, NotConnected, ResultUnknown
from queues.event import Answer, Event
from queues.wire import Connection, Fields


@dataclass(frozen=True)
class Limits:
    """Every wait and every store of the link, by name."""

    connect_seconds: float = 5
    login_seconds: float = 5
    boot_seconds: float = 60
    action_seconds: float = 5
    ping_seconds: float = 10
    silent_seconds: float = 25
    callback_seconds: float = 5
    resync_seconds: float = 30
    first_retry_seconds: float = 0.2
    longest_retry_seconds: float = 30
    refused_retry_seconds: float = 60
    stable_seconds: float = 5
    waiting_actions: int = 500
    waiting_events: int = 20_000


class Manager(PanoramiskManager):
    """One connection's life; `on_event` is called in the order in which Asterisk spoke."""

    protocol: Connection | None

    def __init__(self, host: str, port: int, limits: Limits, on_event: Callable[[Event], None]) -> None:
        super().__init__(
            host=host, port=port, protocol_factory=lambda: Connection(self), loop=asyncio.get_running_loop()
        )
        self.callbacks.clear()  # its FullyBooted callback is the one that sends unanswered actions again
        self.patterns.clear()
        self.limits = limits
        self.on_event = on_event
        self.booted = asyncio.Event()

    async def open(self, user: str, secret: str) -> Connection:
        """Connects, logs in and waits until Asterisk has loaded everything. Raises AmiError, OSError, TimeoutError."""
        with contextlib.ExitStack() as failing:
            failing.callback(self.close)
            async with asyncio.timeout(self.limits.connect_seconds):
                _, self.protocol = await self.loop.create_connection(
                    self.config["protocol_factory"], self.config["host"], self.config["port"]
                )
            try:
                login = {"Action": "Login", "Username": user, "Secret": secret, "Events": "on"}
                await self.ask(login, self.limits.login_seconds)
            except ActionRefused as error:
                raise LoginRefused(f"user {user!r}: {error}") from error
            await self._boot()
            failing.pop_all()
        assert self.protocol is not None
        return self.protocol

    async def _boot(self) -> None:
        assert self.protocol is not None
        first = asyncio.ensure_future(self.booted.wait())
        lost = asyncio.ensure_future(self.protocol.gone.wait())
        try:
            await asyncio.wait((first, lost), timeout=self.limits.boot_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
            lost.cancel()
        if not self.booted.is_set():
            raise NotConnected("Asterisk did not say FullyBooted (still starting, gone, or the user lacks read=system)")

    async def ask(self, fields: Fields, seconds: float) -> Answer:
        """Sends one action once and waits so long for its whole answer."""
        connection = self.protocol
        if connection is None or connection.closed:
            raise NotConnected(f"{fields.get('Action')}: no link to Asterisk")
        if len(connection.responses) >= self.limits.waiting_actions:
            raise LinkBusy(f"{fields.get('Action')}: {len(connection.responses)} actions wait for their answer")
        action = connection.ask(fields)
        try:
            async with asyncio.timeout(seconds):
                answered: list[Event] = await action.future
        except TimeoutError:
            raise ResultUnknown(f"{fields.get('Action')}: no answer within {seconds:g} s") from None
        finally:
            connection.forget(action)
        return _answer(answered)

    async def watch(self) -> None:
        """Returns when the connection is gone; ends it when Asterisk stays silent though it was pinged."""
        connection = self.protocol
        if connection is None:
            return
        while not connection.closed:
            silent = self.loop.time() - connection.heard_at
            if silent >= self.limits.silent_seconds:
                raise AmiError(f"Asterisk was silent for {silent:.0f} s")
            if silent >= self.limits.ping_seconds:
                connection.ask({"Action": "Ping"})
            try:
                async with asyncio.timeout(self.limits.ping_seconds):
                    await connection.gone.wait()
            except TimeoutError:
                continue

    def heard(self, event: Event) -> None:
        if event.name == "FullyBooted":
            self.booted.set()
        self.on_event(event)

    def lost(self, connection: Connection) -> None:
        """The connection ended; whoever waits on `gone` or an answer has been told by it."""

    def close(self) -> None:
        """Ends the connection for good."""
        if self.protocol is not None:
            self.protocol.abort()


def _answer(messages: list[Event]) -> Answer:
    first, *rest = messages
    if first["Response"] not in ("Success", "Follows", "Goodbye"):
        raise ActionRefused(first["Message"] or "refused without a reason")
    if rest and rest[-1].name == "OriginateResponse" and rest[-1]["Response"] != "Success":
        raise ActionRefused(f"the call was not answered (reason {rest[-1]['Reason']})")
    return Answer(first, tuple(rest))
