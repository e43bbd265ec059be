"""A real Asterisk with the product's own configuration, a telephone network, and an AGI server the test controls."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agi.keys import Keys
from agi.server import AgiServer
from hotline import menus
from hotline.asterisk import Asterisk, Runtime, find, ours
from hotline.settings import Settings
from ivr.loading import load
from ivr.model import City
from queues.ami import AmiLink, Event
from queues.errors import AmiError
from telephone import sound
from telephone.caller import Caller
from telephone.network import Network, Wiring
from telephone.prompts import Prompts
from tests.agi import maze

TONE_SECONDS = 1.3
POLL_SECONDS = 0.02
ENCRYPTED = "127.0.0.6"  # where calls must come over TLS


@dataclass
class RealHotline:
    """Asterisk and the network are up; whether and how AGI answers is up to each test."""

    settings: Settings
    asterisk: Asterisk
    network: Network
    link: AmiLink
    prompts: Prompts
    city: City = field(default_factory=maze.city)
    decided: list[Event] = field(default_factory=list)
    abandoned: list[Event] = field(default_factory=list)
    full: list[Event] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    _keys: Keys | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    def forget(self) -> None:
        """What earlier tests did."""
        for noted in (self.decided, self.abandoned, self.full, self.heard):
            noted.clear()
        for folder in (self.settings.spool / "new").iterdir():
            shutil.rmtree(folder)

    async def decision(self, count: int = 1, seconds: float = 20) -> Event:
        """The next decision that a call took, by AGI or by the compiled menu."""
        await self.told(lambda: len(self.decided) >= count, seconds)
        return self.decided[count - 1]

    async def told(self, enough: Callable[[], bool], seconds: float = 10) -> None:
        """Waits for what the dialplan tells by events."""
        async with asyncio.timeout(seconds):
            while not enough():
                self._told.clear()
                await self._told.wait()

    def note(self, event: Event) -> None:
        """An event of the dialplan's own."""
        noted = {"HotlineDecided": self.decided, "HotlineAbandoned": self.abandoned, "HotlineSpoolFull": self.full}
        if event["UserEvent"] in noted:
            noted[event["UserEvent"]].append(event)
            self._told.set()

    async def until(self, happened: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not happened():  # noqa: ASYNC110 - folders tell nobody
                await asyncio.sleep(POLL_SECONDS)

    async def arrived(self) -> Path:
        """The item that is waiting in the spool for its ticket."""
        new = self.settings.spool / "new"
        await self.until(lambda: any(new.iterdir()))
        return next(new.iterdir())

    async def beep(self, caller: Caller) -> None:
        assert self.asterisk.runtime.english is not None
        await caller.hears(sound.read(self.asterisk.runtime.english / "beep.wav"), "the beep")

    @property
    def script_path(self) -> Path:
        return self.asterisk.instance.home / "agi-bin" / "hotline-spool"

    @contextlib.contextmanager
    def script(self, text: str) -> Iterator[None]:
        """Another text for the script of messages and faxes."""
        before = self.script_path.read_text()
        self.script_path.write_text(text)
        try:
            yield
        finally:
            self.script_path.write_text(before)

    @contextlib.asynccontextmanager
    async def served(self, late: float = 0) -> AsyncIterator[AgiServer]:
        """An AGI server in this process, with the AMI link's keys; all it says may come late."""
        keys = Keys(self.wake)
        keys.connected(self.link.connected)
        self._keys = keys
        server = AgiServer(lambda _version: self.city, keys)
        port = await server.start(0 if late else self.settings.agi_port)
        delay = await _delay(self.settings.agi_port, port, late) if late else None
        try:
            yield server
        finally:
            self._keys = None
            if delay is not None:
                delay.close()
            await server.drain(0)

    def on_digit(self, event: Event) -> None:
        if event["Direction"] != "Received":
            return
        self.heard.append(event["Digit"] if event.name == "DTMFEnd" else "+")
        if self._keys is not None:
            note = self._keys.heard if event.name == "DTMFEnd" else self._keys.began
            note(event["Uniqueid"], event["Digit"])

    async def wake(self, channel: str) -> None:
        with contextlib.suppress(AmiError):
            await self.link.action(
                {"Action": "PlayDTMF", "Channel": channel, "Digit": "D", "Duration": "80", "Receive": "true"}
            )


@contextlib.asynccontextmanager
async def real_hotline(folder: Path, city: Path | None = None) -> AsyncIterator[RealHotline]:
    """With the maze, or the city of a folder. Raises RuntimeMissing where there is no Asterisk."""
    settings = _settings(folder, city or maze.write(folder / "city"))
    runtime: Runtime = find(settings.downloads)
    published = load(menus.texts(settings.city))
    _sounds(settings, (maze.PROMPT, *maze.SHARED) if city is None else tuple(published.prompts))
    menus.ensure_published(settings)
    ours.configure(settings, runtime)
    asterisk = Asterisk(runtime, ours.instance(settings))
    await asyncio.to_thread(asterisk.start)
    link = AmiLink("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))
    try:
        wiring = Wiring(folder / "network", hotline_port=settings.sip_port)
        async with Network(wiring, runtime) as network, link:
            await link.wait_connected(10)
            hotline = RealHotline(settings, asterisk, network, link, Prompts(settings.sounds / "zh"), published)
            link.subscribe("DTMFBegin", hotline.on_digit)
            link.subscribe("DTMFEnd", hotline.on_digit)
            link.subscribe("UserEvent", hotline.note)
            yield hotline
    finally:
        await asyncio.to_thread(asterisk.kill)


def _settings(folder: Path, city: Path) -> Settings:
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "settings.yaml").write_text(
        f'sip: {{address: "127.0.0.1", trunks: ["127.0.0.2"]}}\ntls: {{port: {_free_port()}, trunks: ["{ENCRYPTED}"]}}\nmenu: {{city: "{city}"}}\nspool: {{minimum_free_mb: 1}}\n'
    )
    free = {f"HOTLINE_{name}_PORT": str(_free_port()) for name in ("SIP", "AGI", "AMI", "HTTP")}
    return Settings.load(free | {"HOTLINE_HOME": str(home), "HOTLINE_RTP_PORTS": "16000-17999"})


def _free_port() -> int:
    with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as other:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        other.bind(("127.0.0.1", port))
        return port


def _sounds(settings: Settings, names: Sequence[str]) -> None:
    for seed, name in enumerate(names):
        sound.write(settings.sounds / "zh" / f"{name}.wav", sound.babble(TONE_SECONDS, seed))


async def _delay(listen: int, port: int, seconds: float) -> asyncio.Server:
    """A proxy before the AGI server that holds back what the server says, and nothing else."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, inner_writer, 0), _pump(inner_reader, writer, seconds))

    return await asyncio.start_server(carry, "127.0.0.1", listen)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            await asyncio.sleep(seconds)  # the lateness itself
            writer.write(data)
            await writer.drain()
    writer.close()


class ServerProcess:
    """The AGI server in a process of its own, so that it can be stopped and killed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> ServerProcess:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.agi.real", str(self.port), stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while b"ready" not in await self._process.stdout.readline():
                assert self._process.returncode is None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self.signal(signal.SIGKILL)
        await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


async def _serve(port: int) -> None:
    server = AgiServer(lambda _version: maze.city())
    await server.start(port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
