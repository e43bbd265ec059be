"""What the demonstration runs on: a hotline, the telephone network in front of it, an agent's phone, a case system beside it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ruamel.yaml import YAML

from hotline.asterisk import find
from hotline.settings import DIALPLANS
from speech import engines
from speech.recogniser import EngineUnusable
from speech.store import ModelError
from speech.voice import VoiceUnavailable
from telephone import sound, voices
from telephone.caller import Caller
from telephone.case_system import CaseSystem
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.phone import Phone, PhoneAccount
from telephone.prompts import Prompts
from telephone.sound import Samples
from telephone.stage import DemoFailed, Stage

# Ports of its own, so that the demonstration runs beside `make run`.
SIP_PORT: Final = 25060
WAIT_SECONDS: Final = 6  # in the demonstration's city callers are offered voicemail sooner
POLL_SECONDS: Final = 0.1
MARK: Final = ".demonstration"
STILL_RUNNING: Final = ("hotline", "network")  # may be, if an earlier demonstration was killed; ended before these folders go
AGENT = "agent-1001"
CITIZEN_SAYS: Final = "您好，我要投诉。黄河路的工地半夜还在施工，吵得睡不着。"
AGENT_SAYS: Final = "您好，这里是12345热线。您反映的情况已经记下，我们马上转交处理。"
LIKE: Final = 0.95


@dataclass
class Talk:
    """A citizen and an agent in conversation."""

    caller: Caller
    phone: Phone

    async def both_speak(self, citizen: Samples, agent: Samples, folder: Path, *, mute: bool = False) -> tuple[float, float]:
        """Both talk at once (a mute agent moves the lips only); returns how like each was in the other's recording."""
        await asyncio.gather(self.caller.speaks(citizen), self.phone.speaks(sound.silence(len(agent) / sound.RATE) if mute else agent))
        for leg in (self.caller.leg, self.phone.leg):  # what is still on its way
            await leg.has_heard(leg.samples_heard + sound.RATE // 4, 1.0)
        sound.write(folder / "heard-by-agent.wav", self.phone.heard)
        sound.write(folder / "heard-by-citizen.wav", self.caller.heard)
        return (
            sound.match(sound.read(folder / "heard-by-agent.wav"), citizen).correlation,
            sound.match(sound.read(folder / "heard-by-citizen.wav"), agent).correlation,
        )


class World:
    """Built up by `async with`, gone at its end. `broken` is the step that a test wants to see fail."""

    hotline: HotlineUnderTest
    network: Network
    phone: Phone
    prompts: Prompts
    case_system: CaseSystem

    def __init__(self, folder: Path, stage: Stage, broken: int | None = None) -> None:
        self.folder = folder
        self.stage = stage
        self.broken = broken
        self.talk: Talk | None = None
        self.citizen_says = self.agent_says = sound.silence(0)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._build(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    async def conversation(self) -> Talk:
        """A citizen and the agent talking about a complaint; the same one until it ends."""
        if self.talk is None or not self.talk.caller.connected:
            self.talk = await self.connect(self.network.caller("13805461001"))
        return self.talk

    async def connect(self, caller: Caller) -> Talk:
        """Dials, presses 1 and 1, and the agent lifts the receiver."""
        await caller.dials("12345")
        await self.hears(caller, "welcome")
        await caller.presses("1")
        await self.hears(caller, "matters-menu")
        await caller.presses("1")
        await self.answered()
        return Talk(caller, self.phone)

    async def answered(self) -> None:
        await self.phone.rings()
        self.stage.says("the agent's phone rings and is answered")
        await self.phone.answers()

    async def hears(self, caller: Caller, prompt: str, within: float = 20.0) -> None:
        match = await caller.hears(self.prompts[prompt], prompt, within=within)
        self.stage.says(f"hears “{prompt}” (likeness {match.correlation:.3f})")

    async def voice(self, text: str, speaker: str = "fastspeech2") -> Samples:
        """The text as somebody says it. Raises VoiceUnavailable."""
        return await asyncio.to_thread(voices.clip, text, self.hotline.settings, speaker)

    async def end_talk(self) -> None:
        if self.talk is not None:
            await self.talk.caller.hangs_up()
            self.talk = None

    async def ticket(self, number: str, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float) -> dict[str, Any]:
        """The newest ticket of this caller, once it is as wanted. Raises DemoFailed."""
        deadline = time.monotonic() + seconds
        last: dict[str, Any] | None = None
        while time.monotonic() < deadline:
            for ticket in await self.hotline.tickets():
                if str(ticket["caller"])[-4:] == number[-4:]:  # the API masks the rest
                    last = ticket
                    if wanted(ticket):
                        return ticket
            await asyncio.sleep(POLL_SECONDS)
        raise DemoFailed(f"no {what} in {seconds:g} s (last seen: {last})")

    async def _build(self, stack: AsyncExitStack) -> None:
        self._empty_folder()
        self.case_system = CaseSystem(self.folder / "case-system", SIP_PORT + 9, wrong_key=self.broken == 5)
        await stack.enter_async_context(self.case_system)
        self.stage.says("an example case system listens")
        self.hotline = await stack.enter_async_context(HotlineUnderTest(self._plan()))
        self.stage.says("the hotline takes calls")
        self._says_how_it_understands()
        try:
            self.citizen_says, self.agent_says = await self.voice(CITIZEN_SAYS, "tacotron2"), await self.voice(AGENT_SAYS)
        except VoiceUnavailable as error:  # the message of step 2 will miss it; a conversation needs no words
            self.stage.says(f"no voices, so people babble: {error}")
            self.citizen_says, self.agent_says = sound.babble(3, seed=1), sound.babble(3, seed=2)
        runtime = find(self.hotline.settings.downloads)
        self.network = await stack.enter_async_context(Network(self._wiring(), runtime))
        account = await self.hotline.command("phone", "add", AGENT, "--queue", "complaints", "--queue", "general")
        self.phone = await self.network.phone(PhoneAccount(account["username"], account["secret"]))
        self.stage.says(f"the telephone network (a second Asterisk {runtime.version}) is up, the agent's phone is registered")
        self.prompts = Prompts(self.hotline.settings.sounds / "zh")

    def _says_how_it_understands(self) -> None:
        """In one line, where the recogniser is not the one a city would use."""
        settings = self.hotline.settings
        try:
            choice = engines.choose(settings, settings.file.speech.engine, settings.file.speech.model)
        except (EngineUnusable, ModelError) as error:
            self.stage.says(f"messages will not be understood: {error}")
        else:
            self.stage.says(choice.note or f"messages are understood by {choice.engine}")

    def _empty_folder(self) -> None:
        """Only what an earlier demonstration made is removed. Raises DemoFailed."""
        mark = self.folder / MARK
        if self.folder.exists() and any(self.folder.iterdir()) and not mark.exists():
            raise DemoFailed(f"{self.folder} is not empty and not from an earlier demonstration; choose another folder")
        for entry in self.folder.glob("*"):
            if entry.name not in STILL_RUNNING:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def _plan(self) -> Plan:
        city = self.folder / "city"
        shutil.copytree(DIALPLANS / "12345", city)
        _hurry(city / "queues.yaml")
        settings = {
            "sip": {"address": "127.0.0.1"},
            "menu": {"city": str(city)},
            "case_system": {"url": self.case_system.url, "secret_file": str(self.case_system.secret_file)},
        }
        return Plan(self.folder / "hotline", SIP_PORT, SIP_PORT + 1, SIP_PORT + 2, SIP_PORT + 3, (26000, 26999), settings)

    def _wiring(self) -> Wiring:
        return Wiring(
            self.folder / "network", hotline_port=SIP_PORT, sip_port=SIP_PORT, phones_port=SIP_PORT + 4, ami_port=SIP_PORT + 5, rtp_ports=(27000, 27999)
        )


def _hurry(path: Path) -> None:
    """Shorter waits for the demonstration's callers, everything else as in the city's own file."""
    yaml = YAML(typ="safe", pure=True)
    queues = yaml.load(path.read_text(encoding="utf-8"))
    for queue in queues.values():
        queue["wait_seconds"] = WAIT_SECONDS
        queue["wrapup_seconds"] = 0
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(queues, file)
