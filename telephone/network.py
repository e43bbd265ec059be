"""The telephone network: a second Asterisk with citizens' trunk lines, agents' phones and fax machines.

    async with Network(wiring, runtime) as network:
        caller = network.caller("13812345678")
        await caller.dials("12345")
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hotline.asterisk import Asterisk, Instance, Runtime, render
from telephone.ami import Ami
from telephone.audiosocket import AudioSocketServer
from telephone.caller import Caller
from telephone.centre import Centre
from telephone.fax import FaxMachine
from telephone.guard import Guard
from telephone.mobile import Mobile
from telephone.phone import Phone, PhoneAccount

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"


@dataclass(frozen=True)
class Wiring:
    """Where the network listens and where it finds the hotline. The defaults fit a private network namespace."""

    folder: Path
    hotline_address: str = "127.0.0.1"
    hotline_port: int = 5060
    address: str = "127.0.0.2"
    sip_port: int = 5060
    phones_address: str = "127.0.0.1"  # where a phone is most easily taken for the trunk
    phones_port: int = 5070
    ami_port: int = 5038
    rtp_ports: tuple[int, int] = (20000, 23999)
    hotline_tls_port: int = 0  # 0: the network speaks no TLS
    trusts: Path | None = None  # the certificate by which the network knows the hotline


class Network:
    """Started by `async with`; stopped, with every call on it, at its end."""

    def __init__(self, wiring: Wiring, runtime: Runtime) -> None:
        self.wiring = wiring
        self.sound = AudioSocketServer(wiring.address)
        self._secret = secrets.token_hex(16)
        self._accounts: tuple[PhoneAccount, ...] = ()
        self._runtime = runtime
        self._asterisk = Asterisk(runtime, self._instance())
        self._ami: Ami | None = None
        self._end = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._asterisk.stop)  # one that an earlier, killed process left: it has another secret
        await asyncio.to_thread(render, self._instance(), self._runtime)
        async with AsyncExitStack() as failing:
            guard = Guard([*self._runtime.command, "-C", str(self._asterisk.instance.conf), "-rx", "core stop now"])
            failing.push_async_callback(asyncio.to_thread, guard.release)
            failing.push_async_callback(asyncio.to_thread, self._asterisk.stop)
            await asyncio.to_thread(self._asterisk.start)
            await self.sound.start()
            self._ami = await Ami.connect(self.wiring.address, self.wiring.ami_port, "network", self._secret)
            self._end = failing.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ami:
            await self._ami.close()
        await self.sound.stop()
        await self._end.aclose()

    @property
    def ami(self) -> Ami:
        if self._ami is None:
            raise RuntimeError("the network is not running; use `async with Network(…)`")
        return self._ami

    def caller(self, number: str = "13812345678", *, name: str = "", inband: bool = False, encrypted: bool = False, ticket: str = "") -> Caller:
        """A citizen at a telephone; an empty number is a withheld one, `inband` sends keys as tones, `encrypted`: TLS and
        SRTP; `ticket`: another centre passes this call on, and says its own number for the matter."""
        trunk = "hotline-inband" if inband else "hotline-encrypted" if encrypted else "hotline"
        return Caller(self.ami, self.sound, number, name=name, trunk=trunk, ticket=ticket)

    def mobile(self, number: str) -> Mobile:
        """A citizen who writes short messages."""
        return Mobile(self.ami, number, f"{self.wiring.hotline_address}:{self.wiring.hotline_port}")

    def centre(self, number: str) -> Centre:
        """A department's own seats, reached at this number through the trunk."""
        return Centre(self.ami, self.sound, number)

    def fax_machine(self, number: str = "05468080808") -> FaxMachine:
        return FaxMachine(self.ami, number)

    async def phone(self, account: PhoneAccount) -> Phone:
        """Puts an agent's phone on the desk and registers it at the hotline."""
        known = tuple(other for other in self._accounts if other.name != account.name)
        self._accounts = (*known, account)
        await asyncio.to_thread(render, self._instance(), self._runtime)
        phone = Phone(self.ami, self.sound, account)
        await phone.register()
        return phone

    def _instance(self) -> Instance:
        wiring = self.wiring
        first, last = wiring.rtp_ports
        variables = {
            "secret": self._secret, "address": wiring.address, "sip_port": wiring.sip_port, "ami_port": wiring.ami_port,
            "phones_address": wiring.phones_address, "phones_port": wiring.phones_port, "phones": self._accounts,
            "hotline_address": wiring.hotline_address, "hotline_port": wiring.hotline_port, "rtp_first": first, "rtp_last": last,
            "hotline_tls_port": wiring.hotline_tls_port, "trusts": wiring.trusts,
        }  # fmt: skip
        return Instance(name="network", home=wiring.folder, templates=TEMPLATES, variables=variables)
