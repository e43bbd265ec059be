"""A citizen at a telephone: dials, hears, presses keys, speaks, hangs up. Every wait has a limit."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Final

from telephone import sound
from telephone.ami import Ami, AmiError, Event
from telephone.audiosocket import AudioSocketServer, Leg
from telephone.sound import Match, Samples

ANSWER_SECONDS: Final = 20.0
KEY_MILLISECONDS: Final = 100
KEY_SECONDS: Final = 0.2  # a key and the pause after it
LIKE: Final = 0.9  # correlation from which on a prompt counts as heard
QUIET_SECONDS: Final = 0.7  # longer than the pauses within a prompt
TONE_OVER_SECONDS: Final = 0.1
SEARCH_SAMPLES: Final = 1600  # looked at together, so that many callers can listen at once
_numbers = itertools.count(1)


class CallError(Exception):
    """The call did not go as it should; the message says what happened instead."""


class NotAnswered(CallError):
    """Nobody took the call."""


class NotHeard(CallError):
    """What should be heard was not, in its time."""


class StillConnected(CallError):
    """The other side did not hang up in time."""


class Caller:
    """One telephone and its call. `heard` is everything heard so far."""

    def __init__(self, ami: Ami, server: AudioSocketServer, number: str, *, name: str = "", trunk: str = "hotline", ticket: str = "") -> None:
        self.number = number
        self.answered_at = 0.0
        self.channel = ""
        self.call = ""
        """The unique id of its channel, also before the call is answered."""
        self._ami = ami
        self._server = server
        self._name = name
        self._trunk = trunk
        self._ticket = ticket
        self._leg: Leg | None = None
        self._listened = 0  # samples up to which earlier prompts were heard

    @property
    def leg(self) -> Leg:
        if self._leg is None:
            raise CallError("this telephone has not dialled yet")
        return self._leg

    @property
    def heard(self) -> Samples:
        return self.leg.heard()

    @property
    def connected(self) -> bool:
        return self._leg is not None and self._leg.up.is_set() and not self._leg.ended.is_set()

    async def dials(self, number: str, seconds: float = ANSWER_SECONDS) -> None:
        """Calls, and returns when the call was answered. Raises NotAnswered."""
        leg = self._leg = self._server.expect()
        self._listened = 0
        call = self.call = f"caller-{next(_numbers)}-{leg.id[:8]}"

        def ours(event: Event) -> bool:
            return event["Event"] == "OriginateResponse" and event.get("Uniqueid") == call

        async with self._ami.watch(ours) as answer:
            await self._ami.action(
                "Originate", ("LEG_ID", leg.id), ("LEG_AT", f"{self._server.host}:{self._server.port}"), *self._identity(), *self._reference(),
                Channel=f"PJSIP/{number}@{self._trunk}", ChannelId=call, Context="talks", Exten="s", Priority="1",
                Timeout=str(int(seconds * 1000)), Async="true",
            )  # fmt: skip
            try:
                async with asyncio.timeout(seconds):
                    event = await answer
                    if event.get("Response") != "Success":
                        raise NotAnswered(f"{number}: not answered (reason {event.get('Reason')})")
                    self.answered_at = time.monotonic()
                    self.channel = event["Channel"]
                    await leg.up.wait()
            except TimeoutError:
                raise NotAnswered(f"{number}: no answer in {seconds:g} s") from None

    async def hears(self, wanted: Samples, name: str = "prompt", *, within: float = 20.0, like: float = LIKE) -> Match:
        """Waits until a clip was heard, after what was heard before. Raises NotHeard."""
        best = Match(0.0, 0)
        searched = self._listened
        deadline = time.monotonic() + within
        more = len(wanted)
        while await self.leg.has_heard(searched + more, max(0.0, deadline - time.monotonic())) or self._unsearched(searched, wanted):
            heard = self.leg.heard(searched)
            found = sound.match(heard, wanted)
            if found.correlation >= like:
                at = searched + found.at
                self._listened = at + len(wanted)
                return Match(found.correlation, at)
            best = max(best, found, key=lambda match: match.correlation)
            searched += len(heard) - len(wanted) + 1
            more = len(wanted) + SEARCH_SAMPLES
        ended = f"the call ended before {name} was heard" if self.leg.ended.is_set() else f"{name} was not heard in {within:g} s"
        raise NotHeard(f"{ended} (likest: {best.correlation:.2f})")

    def _unsearched(self, searched: int, wanted: Samples) -> bool:
        """Whether the last bit of a call that ended, or of the time that is up, is still to be looked at."""
        return self.leg.samples_heard - searched >= len(wanted)

    async def presses(self, keys: str) -> None:
        """Presses keys one after another: events of RFC 4733, or tones on an in-band trunk."""
        if self._trunk == "hotline-inband":
            await self.leg.say(sound.keys(keys))
            return
        for key in keys:
            await self._ami.action("PlayDTMF", Channel=self.channel, Digit=key, Duration=str(KEY_MILLISECONDS))
            await asyncio.sleep(KEY_SECONDS)

    async def speaks(self, samples: Samples) -> None:
        await self.leg.say(samples)

    async def waits_for_tone(self, limit_seconds: float = 30.0) -> None:
        """As one does before leaving a message; returns when the tone is over. Raises NotHeard."""
        deadline = time.monotonic() + limit_seconds
        while sound.tone(self.leg.heard(self._listened)) is None:
            left = deadline - time.monotonic()
            if left <= 0 or not await self.leg.has_heard(self.leg.samples_heard + SEARCH_SAMPLES // 4, left):
                raise NotHeard(f"no tone was heard in {limit_seconds:g} s")
        await self.waits_until_quiet(TONE_OVER_SECONDS)

    async def waits_until_quiet(self, quiet_seconds: float = QUIET_SECONDS, limit_seconds: float = 30.0) -> None:
        """As a polite caller does before speaking; also the end of a call is quiet. Raises NotHeard."""
        deadline = time.monotonic() + limit_seconds
        more = int(quiet_seconds * sound.RATE)
        while time.monotonic() < deadline:
            arrived = await self.leg.has_heard(self.leg.samples_heard + more // 8, quiet_seconds)
            latest = self.leg.heard(max(0, self.leg.samples_heard - more))
            if not arrived or (len(latest) == more and not sound.audible(latest)):
                return
        raise NotHeard(f"the other side was not quiet for {quiet_seconds:g} s in {limit_seconds:g} s")

    async def hangs_up(self) -> None:
        """Puts the receiver down; returns when the line is free."""
        if self.leg.ended.is_set():
            return
        try:
            await self._ami.action("Hangup", Channel=self.channel)
        except AmiError as error:
            if "No such channel" not in str(error):
                raise
        await self.is_hung_up_on(10.0)

    async def is_hung_up_on(self, within: float = 20.0) -> None:
        """Waits for the end of the call. Raises StillConnected."""
        try:
            async with asyncio.timeout(within):
                await self.leg.ended.wait()
        except TimeoutError:
            raise StillConnected(f"still connected after {within:g} s") from None

    def _reference(self) -> list[tuple[str, str]]:
        """What another centre says of its own ticket when it passes a call on."""
        return [("PJSIP_HEADER(add,X-Hotline-Ticket)", self._ticket)] if self._ticket else []

    def _identity(self) -> list[tuple[str, str]]:
        """Caller id as the carrier sends it (of an outgoing channel that is its connected line); an empty number is withheld."""
        if not self.number:
            return [("CONNECTEDLINE(num,i)", "anonymous"), ("CONNECTEDLINE(pres,i)", "prohib")]
        return [("CONNECTEDLINE(num,i)", self.number), ("CONNECTEDLINE(name,i)", self._name)]
