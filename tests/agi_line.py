"""A caller's line over loopback FastAGI: speaks to the server as Asterisk does, in milliseconds and without sound.

    async with AgiLine(city, server_port, keys) as line:
        await Caller(line).dials("12345").hears("main-menu").presses("1").reaches("complaints").hangs_up()

It is as forgetful as Asterisk: a key pressed while nothing is asked is dropped, and only reported to `keys`, as AMI
would. What it says follows the transcripts in tests/agi/transcripts.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable
from types import TracebackType
from typing import Self

from agi.keys import WAKE_KEY, Keys
from ivr import numbers
from ivr.model import City
from tests.scenario import DEFAULT_SECONDS, Broke

WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_calls = itertools.count(1)


class AgiLine:
    """One telephone; a second `dial` is a second call."""

    def __init__(self, city: City, port: int, keys: Keys | None = None, *, version: str = "1", care: str = "") -> None:
        self.variables: dict[str, str] = {}
        self.asked: list[str] = []
        """The command of each Ask so far."""
        self.listener: Callable[[str], None] | None = None
        """Who hears words on this line and tells the server, as a recogniser does."""
        self._city = city
        self._port = port
        self._keys = keys or Keys()
        self._version = version
        self._care = care
        self._heard: list[str] = []
        self._listened = 0
        self._answer: asyncio.Future[str] | None = None
        self._silent = False
        self._changed = asyncio.Condition()
        self._call: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._number = next(_calls)
        self._keys.wake = self._wake

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def uniqueid(self) -> str:
        return f"line-{self._number}.1"

    async def dial(self, number: str) -> None:
        await self._end()
        at = numbers.table(self._city).get(number)
        if at is None:
            raise Broke(f"{number} is not a number of this hotline")
        self.variables = {"HOTLINE_AT": at}
        self._heard, self._listened = [], 0
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self._header(number, at).encode())
        self._call = asyncio.create_task(self._obey(reader, self._writer))

    async def hear(self, prompt: str, seconds: float = DEFAULT_SECONDS) -> None:
        await self._until(lambda: prompt in self._heard[self._listened :], seconds, f"{prompt} was not heard")
        self._listened = self._heard.index(prompt, self._listened) + 1

    async def press(self, keys: str) -> None:
        for key in keys:
            self._keys.began(self.uniqueid, key)
            self._keys.heard(self.uniqueid, key)
            self._reply(key)

    async def speak(self, clip: str) -> None:
        raise Broke(f"{clip}: nobody can speak on a line without sound")

    async def say(self, words: str) -> None:
        if self.listener is None:
            raise Broke(f"{words}: nobody listens on this line")
        await self._until(lambda: self._answer is not None, DEFAULT_SECONDS, "nothing was asked")
        self.listener(words)

    async def keep_silent(self) -> None:
        """Until the whole question is over: what follows without a prompt is the rest of its silence."""
        await self._until(lambda: self._answer is not None, DEFAULT_SECONDS, "nothing was asked")
        self._silent = True
        self._reply("")

    async def reach(self, where: str, seconds: float = DEFAULT_SECONDS) -> None:
        await self._until(lambda: "HOTLINE_DECISION" in self.variables, seconds, f"{where} was not reached")
        decision = self.variables["HOTLINE_DECISION"]
        reached = self.variables["HOTLINE_TARGET"] if decision == "queue" else decision
        if reached != where:
            raise Broke(f"{reached} was reached instead")

    async def hang_up(self) -> None:
        """AGIEXITONHANGUP=yes: HANGUP, then the connection is closed."""
        if self._writer is not None and self._call is not None and not self._call.done():
            self._writer.write(b"HANGUP\nHANGUP\n")
        await self._end()

    async def await_hangup(self, seconds: float = DEFAULT_SECONDS) -> None:
        await self.reach("hangup", seconds)

    async def detect_fax(self) -> None:
        """A fax machine's tone while something is asked: [hotline-ask] tells it as a key."""
        await self._until(lambda: self._answer is not None, DEFAULT_SECONDS, "nothing was asked")
        self._reply("fax")

    async def ended(self, seconds: float = DEFAULT_SECONDS) -> dict[str, str]:
        """The server has handed the channel back; the variables it leaves."""
        if self._call is not None:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._call)
        return self.variables

    def _header(self, number: str, at: str) -> str:
        arguments = (self._version, at, number, f"line-{self._number}.0", self._care)
        lines = ["agi_network: yes", "agi_network_script: hotline", f"agi_channel: PJSIP/trunk-{self._number:08}"]
        lines += [f"agi_uniqueid: {self.uniqueid}", "agi_callerid: 13812345678", "agi_calleridname: unknown"]
        lines += [f"agi_arg_{place}: {argument}" for place, argument in enumerate(arguments, 1)]
        return "\n".join([*lines, "", ""])

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What Asterisk does with each command until the server closes."""
        with contextlib.suppress(ConnectionError):
            while command := (await reader.readline()).decode().rstrip("\n"):
                for line in await self._do(command):
                    writer.write(line.encode() + b"\n")
        async with self._changed:
            self._changed.notify_all()

    async def _do(self, command: str) -> list[str]:
        words = [re.sub(r"\\(.)", r"\1", quoted) or bare for quoted, bare in WORD.findall(command)]
        match words:
            case ["GOSUB", "hotline-ask", "s", "1", arguments]:
                return await self._ask(command, arguments)
            case ["GET", "VARIABLE", name]:
                value = self.variables.get(name)
                return ["200 result=0" if value is None else f"200 result=1 ({value})"]
            case ["EXEC", "MSet", pairs]:
                self.variables |= dict(pair.split("=", 1) for pair in pairs.split(","))
                await self._play(self.variables.get("HOTLINE_SAY", ""))
                return ["200 result=0"]
        return ["510 Invalid or unknown command"]

    async def _ask(self, command: str, arguments: str) -> list[str]:
        prompts, _seconds, _digits, *state = arguments.split(",")
        names = ("HOTLINE_AT", "HOTLINE_NOINPUT", "HOTLINE_NOMATCH", "HOTLINE_TURNS")
        self.variables |= dict(zip(names, state, strict=True))
        self.asked.append(command)
        self._answer = asyncio.get_running_loop().create_future()
        self._silent = self._silent and not prompts
        await self._play(prompts)
        if self._silent:
            self._reply("")
        self.variables["HOTLINE_KEY"] = await self._answer
        self._answer = None
        return ["100 result=0 Trying...", "200 result=0 Gosub complete"]

    async def _play(self, sounds: str) -> None:
        async with self._changed:
            self._heard += [sound.removeprefix("hotline/") for sound in sounds.split("&") if sound]
            self._changed.notify_all()

    async def _wake(self, _channel: str) -> None:
        self._reply(WAKE_KEY)

    def _reply(self, key: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(key)

    async def _until(self, happened: object, seconds: float, otherwise: str) -> None:
        assert callable(happened)
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: happened() or (self._call is not None and self._call.done()))
        except TimeoutError:
            raise Broke(f"{otherwise} in {seconds:g} s") from None
        if not happened():
            raise Broke(f"{otherwise} before the server closed")

    async def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._call is not None:
            self._call.cancel()
            await asyncio.gather(self._call, return_exceptions=True)
