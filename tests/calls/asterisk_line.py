"""The scenario language on a real Asterisk: a citizen's telephone, and what the hotline's Asterisk decided for the call."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable
from types import TracebackType
from typing import Self

import numpy as np

from hotline.asterisk import ours
from hotline.settings import Settings
from telephone import sound, voices
from telephone.ami import Ami, Event
from telephone.caller import Caller, CallError
from telephone.prompts import Prompts
from telephone.sound import Samples
from tests.scenario import Broke


class Decisions:
    """What the hotline's Asterisk says of its calls (HotlineDecided), by caller's number."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._events: list[Event] = []
        self._more = asyncio.Event()
        self._ami: Ami | None = None

    async def __aenter__(self) -> Self:
        settings = self.settings
        self._ami = await Ami.connect("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))
        self._ami.listen(self._note)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ami:
            await self._ami.close()

    def of(self, number: str) -> list[Event]:
        return [event for event in self._events if event.get("CallerIDNum") == number]

    async def reached(self, number: str, where: str, seconds: float) -> Event:
        """The decision that took this caller there. Raises Broke."""
        try:
            async with asyncio.timeout(seconds * PATIENCE):
                while True:
                    self._more.clear()
                    for event in self.of(number):
                        if where in (event["Decision"], event["Target"]):
                            return event
                    await self._more.wait()
        except TimeoutError:
            seen = ", ".join(f"{event['Decision']} {event['Target']}" for event in self.of(number)) or "no decision"
            raise Broke(f"{where} was not reached in {seconds * PATIENCE:g} s ({seen})") from None

    def _note(self, event: Event) -> None:
        if event["Event"] == "UserEvent" and event.get("UserEvent") == "HotlineDecided":
            self._events.append(event)
            self._more.set()


class AsteriskLine:
    """One citizen's line."""

    def __init__(self, telephone: Caller, prompts: Prompts, decisions: Decisions) -> None:
        self.telephone = telephone
        self.prompts = prompts
        self._decisions = decisions
        self._heard = ""

    async def dial(self, number: str) -> None:
        await _told(self.telephone.dials(number))

    async def hear(self, prompt: str, seconds: float) -> None:
        try:
            await _told(self.telephone.hears(self.prompts[prompt], prompt, within=seconds))
        except Broke as broke:
            heard = ", ".join(self.prompts.heard_in(self.telephone.heard)) or "nothing"
            raise Broke(f"{broke}; in the whole call was heard: {heard}") from broke
        self._heard = prompt

    async def press(self, keys: str) -> None:
        await _told(self.telephone.presses(keys))

    async def speak(self, clip: str) -> None:
        """After the tone, where the hotline asks for that; else when it is quiet."""
        tone = self._heard == "voicemail-notice"
        await _told(self.telephone.waits_for_tone() if tone else self.telephone.waits_until_quiet())
        await self.telephone.speaks(np.concatenate([spoken(clip), sound.silence(BREATH_SECONDS)]))

    async def say(self, words: str) -> None:
        """In Mandarin, as soon as what was heard before is over: the recogniser of that hotline must understand it."""
        await _told(self.telephone.speaks(np.concatenate([voices.clip(words, self._decisions.settings), sound.silence(BREATH_SECONDS)])))

    async def keep_silent(self) -> None:
        """Silence is what a telephone does by itself."""

    async def reach(self, where: str, seconds: float) -> None:
        await self._decisions.reached(self.telephone.number or "anonymous", where, seconds)

    async def hang_up(self) -> None:
        await _told(self.telephone.hangs_up())

    async def await_hangup(self, seconds: float) -> None:
        await _told(self.telephone.is_hung_up_on(seconds))


PATIENCE = 4  # how much longer anything may take on a machine that others use as well
BREATH_SECONDS = 1.0  # before hanging up: on a busy machine the last words are still on their way


def spoken(clip: str) -> Samples:
    """Each clip name has a sound of its own, two seconds long."""
    return sound.babble(2.0, seed=zlib.crc32(clip.encode()))


async def _told(doing: Awaitable[object]) -> None:
    """What goes wrong on a telephone breaks the story."""
    try:
        await doing
    except CallError as error:
        raise Broke(str(error)) from error
