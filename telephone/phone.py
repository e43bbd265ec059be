"""An agent's telephone: registers at the hotline over SIP, rings, is lifted, talks, hangs up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from telephone.ami import Ami, AmiError, Event
from telephone.audiosocket import AudioSocketServer, Leg
from telephone.caller import KEY_SECONDS, Caller, CallError
from telephone.sound import Samples

PJSIP_MODULES: Final = ("res_pjsip.so", "res_pjsip_outbound_registration.so")
REGISTER_SECONDS: Final = 15.0
RING_SECONDS: Final = 30.0


@dataclass(frozen=True)
class PhoneAccount:
    """What `hotline phone add` said about one agent's phone."""

    name: str
    password: str
    encrypted: bool = False


class NotRegistered(CallError):
    """The hotline did not take the phone."""


class DidNotRing(CallError):
    """The phone stayed silent."""


class Phone:
    """One phone on a desk; it can hold one call at a time."""

    def __init__(self, ami: Ami, server: AudioSocketServer, account: PhoneAccount) -> None:
        self.name = account.name
        self._ami = ami
        self._server = server
        self._ringing: asyncio.Queue[str] = asyncio.Queue()
        self._calls: set[str] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._channel = ""
        self.shown = ""  # the number of whoever rings
        self._leg: Leg | None = None
        self._forget = ami.listen(self._notice)

    @property
    def leg(self) -> Leg:
        if self._leg is None:
            raise CallError(f"phone {self.name} has no call")
        return self._leg

    @property
    def heard(self) -> Samples:
        return self.leg.heard()

    async def register(self, seconds: float = REGISTER_SECONDS) -> None:
        """Announces the phone, new on this desk, at the hotline. Raises NotRegistered."""
        await self._registered(seconds, *(("Reload", {"Module": module}) for module in PJSIP_MODULES))

    async def register_again(self, seconds: float = REGISTER_SECONDS) -> None:
        """After `unregister`. Raises NotRegistered."""
        await self._registered(seconds, ("PJSIPRegister", {"Registration": self.name}))

    async def _registered(self, seconds: float, *actions: tuple[str, dict[str, str]]) -> None:
        def ours(event: Event) -> bool:
            return event["Event"] == "Registry" and f":{self.name}@" in event.get("Username", "") and event.get("Status") == "Registered"

        async with self._ami.watch(ours) as registered:
            for action, fields in actions:
                await self._ami.action(action, **fields)
            try:
                async with asyncio.timeout(seconds):
                    await registered
            except TimeoutError:
                raise NotRegistered(f"phone {self.name} was not registered in {seconds:g} s") from None

    async def unregister(self) -> None:
        """Takes the phone off the desk."""
        await self._ami.action("PJSIPUnregister", Registration=self.name)

    async def rings(self, within: float = RING_SECONDS) -> None:
        """Waits for a call. Raises DidNotRing."""
        try:
            async with asyncio.timeout(within):
                self._channel = await self._ringing.get()
                while self._channel not in self._calls:  # that caller has given up
                    self._channel = await self._ringing.get()
        except TimeoutError:
            raise DidNotRing(f"phone {self.name} did not ring in {within:g} s") from None

    async def answers(self, seconds: float = 10.0) -> None:
        """Lifts the receiver of the ringing phone."""
        leg = self._leg = self._server.expect()
        for name, value in (("LEG_ID", leg.id), ("LEG_AT", f"{self._server.host}:{self._server.port}")):
            await self._ami.action("Setvar", Channel=self._channel, Variable=name, Value=value)
        await self._ami.action("Redirect", Channel=self._channel, Context="answers", Exten="s", Priority="1")
        try:
            async with asyncio.timeout(seconds):
                await leg.up.wait()
        except TimeoutError:
            raise CallError(f"phone {self.name} was lifted, but the call was gone") from None

    async def speaks(self, samples: Samples) -> None:
        await self.leg.say(samples)

    async def hangs_up(self) -> None:
        try:
            await self._ami.action("Hangup", Channel=self._channel)
        except AmiError as error:
            if "No such channel" not in str(error):
                raise
        if self._leg:
            async with asyncio.timeout(10.0):
                await self._leg.ended.wait()

    async def refuses(self) -> None:
        """Busy here: the call that rings is sent away."""
        await self._ami.action("Redirect", Channel=self._channel, Context="refuses", Exten="s", Priority="1")

    async def presses(self, keys: str) -> None:
        """Keys of the telephone, one after another (RFC 4733)."""
        for key in keys:
            await self._ami.action("PlayDTMF", Channel=self._channel, Digit=key, Duration="100")
            await asyncio.sleep(KEY_SECONDS)

    async def transfers(self, to: str, asked: Caller | None = None, seconds: float = 10.0) -> bool:
        """The telephone's own transfer key (REFER, RFC 3515): whether the hotline agreed. Refused, the talk goes on.

        `asked`: its second line, on which somebody was asked first: they get the call (Replaces, RFC 3891).
        """
        replaces = f"?Replaces={await self._dialog(asked)}" if asked else ""
        leg = self._server.expect()
        channel = self._channel

        def ours(event: Event) -> bool:
            return event["Event"] == "UserEvent" and event.get("UserEvent") == "Referred" and event.get("Channel") == channel

        async with self._ami.watch(ours) as told:
            for name, value in (("LEG_ID", leg.id), ("LEG_AT", f"{self._server.host}:{self._server.port}"), ("REFER_TO", to), ("REFER_REPLACES", replaces)):
                await self._ami.action("Setvar", Channel=channel, Variable=name, Value=value)
            await self._ami.action("Redirect", Channel=channel, Context="transfers", Exten="s", Priority="1")
            async with asyncio.timeout(seconds):
                agreed = (await told).get("Status") == "SUCCESS"
        if not agreed:
            self._leg = leg
            async with asyncio.timeout(seconds):
                await leg.up.wait()
        return agreed

    def second_line(self) -> Caller:
        """A call of its own, beside the one that it has."""
        return Caller(self._ami, self._server, self.name, trunk=self.name)

    async def _dialog(self, line: Caller) -> str:
        """Call-ID and tags as the other side knows them, for a URI."""

        async def told(what: str) -> str:
            """The other side has no tag before it has rung (RFC 3261, 12.1.1)."""
            known = ""
            async with asyncio.timeout(RING_SECONDS):
                while not known:  # noqa: ASYNC110 - the other Asterisk, which tells nobody of a tag
                    answer = await self._ami.action("Getvar", Channel=line.call, Variable=f"CHANNEL(pjsip,{what})")
                    known = answer["Value"]
                    await asyncio.sleep(0 if known else 0.02)
            return known

        words = f"{await told('call-id')};to-tag={await told('remote_tag')};from-tag={await told('local_tag')}"
        return quote(words, safe="")

    async def is_free(self, within: float = 30.0) -> None:
        """Waits until no call rings or talks here. Raises CallError."""
        try:
            async with asyncio.timeout(within):
                await self._free.wait()
        except TimeoutError:
            raise CallError(f"phone {self.name} still has a call after {within:g} s") from None

    def _notice(self, event: Event) -> None:
        if event["Event"] == "Newchannel" and event.get("Context") == "from-hotline" and event.get("Exten") == self.name:
            self._calls.add(event["Channel"])
            self.shown = event.get("CallerIDNum", "")
            self._ringing.put_nowait(event["Channel"])
        elif event["Event"] == "Hangup":
            self._calls.discard(event["Channel"])
        (self._free.clear if self._calls else self._free.set)()
