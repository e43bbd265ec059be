"""A hotline of its own whose queues are quick to relax and to overflow, and what stories about those who wait say of it."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

from hotline.asterisk import ours
from queues import desk
from queues.actor import SUPERVISOR, Actor, Refused
from telephone.ami import Ami, AmiError
from telephone.caller import Caller
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone
from telephone.prompts import Prompts
from tests.calls.conftest import until

SITE = "05461239999"  # another site's number, by a trunk of its own
OVER_MUSIC = 0.6  # how like a prompt is that is heard with music under it
RELAXED_SECONDS = 3
JOIN_SECONDS = 20
SERVED_SECONDS = 60
LIST_SECONDS = 30  # a command, on a busy machine
MOST_LATE_SECONDS = 1.5  # app_queue looks once a second


class Floor:
    """The hotline, the telephone network, and everybody who is calling."""

    ami: Ami

    def __init__(self, hotline: HotlineUnderTest, network: Network) -> None:
        self.hotline, self.network = hotline, network
        self.prompts = Prompts(hotline.settings.sounds / "zh")
        self.callers: list[Caller] = []
        self.joined: set[tuple[str, str]] = set()

    def caller(self, number: str) -> Caller:
        self.callers.append(self.network.caller(number))
        return self.callers[-1]

    async def waits(self, number: str, called: str) -> Caller:
        """A caller who is in the queue now."""
        caller = self.caller(number)
        async with self.ami.watch(lambda event: event["Event"] == "QueueCallerJoin" and event.get("CallerIDNum") in (number, "" if number else "<unknown>")) as joined:
            await caller.dials(called)
            async with asyncio.timeout(JOIN_SECONDS):
                await joined
        return caller

    async def hears(self, caller: Caller, prompt: str, like: float = 0.9, within: float = 12) -> None:
        await caller.hears(self.prompts[prompt], prompt, within=within, like=like)

    async def joins(self, phone: str, queues: dict[str, int]) -> None:
        """As log-in does (queues/skills.py says where with which penalty)."""
        for queue, penalty in queues.items():
            await self._sends("QueueAdd", queue, phone, MemberName=phone, Penalty=str(penalty), StateInterface=f"PJSIP/{phone}")
            self.joined.add((queue, phone))

    async def leaves(self, phone: str) -> None:
        for queue, name in sorted(self.joined):
            if name == phone:
                await self._sends("QueueRemove", queue, phone)
                self.joined.discard((queue, name))

    async def _sends(self, action: str, queue: str, phone: str, **more: str) -> None:
        """An Asterisk that was killed may or may not have remembered its members."""
        try:
            await self.ami.action(action, Queue=queue, Interface=f"PJSIP/{phone}", **more)
        except AmiError as error:
            if "Already there" not in str(error) and "Not there" not in str(error):
                raise

    async def connects(self) -> None:
        """To the hotline's Asterisk as it is now."""
        settings = self.hotline.settings
        self.ami = await Ami.connect("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))

    async def served(self) -> None:
        """Until the service looks after those who wait: it takes calls some seconds before."""

        async def answers() -> bool:
            try:
                await asyncio.to_thread(desk.ask, self.hotline.plan.home, "callback.cancel", Actor(SUPERVISOR), id="none")
            except Refused as no:
                return no.detail.startswith("there is no call-back")
            return False

        await until(answers, "somebody at the desk", SERVED_SECONDS)

    async def starts(self) -> None:
        await self.hotline.start()
        await self.served()

    def leg(self, number: str) -> str:
        """The channel of the caller with this number."""
        lines = self.hotline.asterisk("core show channels concise").splitlines()
        return next(line.split("!")[0] for line in lines if f"!{number}!" in line)

    def log(self, caller_id: str = "") -> list[list[str]]:
        text = (self.hotline.plan.home / "asterisk/log/queue_log").read_text()
        return [line.split("|") for line in text.splitlines() if caller_id in line]

    def events_of(self, number: str) -> list[str]:
        """What queue_log says of this number's calls, in order."""
        ids = {line[1] for line in self.log(number) if line[4] == "HOTLINE"}
        return [line[4] for line in self.log() if line[1] in ids]

    async def record(self, number: str, **wanted: str) -> dict[str, Any]:
        """The last call of this number, once it is over and written down."""

        async def found() -> dict[str, Any]:
            query = "&".join(f"{name}={value}" for name, value in {"caller": number, **wanted}.items())
            items = (await self.hotline.get(f"/api/records?{query}")).json()["items"]
            return items[0] if items and items[0]["ended_at"] else {}

        return dict(await until(found, f"the record of {number}", LIST_SECONDS))

    async def over(self) -> None:
        """Everybody hangs up and logs out, and nobody is called back."""
        for promised in await callbacks(self):
            try:
                await asyncio.to_thread(desk.ask, self.hotline.plan.home, "callback.cancel", Actor(SUPERVISOR), id=promised["id"])
            except Refused as no:
                assert no.status == HTTPStatus.CONFLICT, no.detail  # it has begun, and ends with its agent's call
        for _, phone in sorted(self.joined):
            await self.leaves(phone)
        for caller in self.callers:
            if caller.connected:
                await caller.hangs_up()
        self.callers.clear()


async def the_able_are_rung_first_and_callers_relax(floor: Floor, phones: dict[str, Phone]) -> None:
    """Of three callers who need tax the second finds the best agent busy, the third the next one too: each waits a step longer."""
    tax = "hotline-general+tax"
    for phone, penalty in (("able", 0), ("learning", 6), ("other", 9)):
        await floor.joins(phone, {tax: penalty})

    async def calls(number: int) -> float:
        await floor.waits(f"1380000100{number}", "1234512")
        return time.monotonic()

    async def is_rung(phone: str, since: float) -> float:
        await phones[phone].rings(within=15)
        took = time.monotonic() - since
        await phones[phone].answers()
        return took

    assert await is_rung("able", await calls(0)) < MOST_LATE_SECONDS
    second, third = await calls(1), await calls(2)
    waited = await is_rung("learning", second), await is_rung("other", third)
    assert RELAXED_SECONDS - 1 <= waited[0] <= RELAXED_SECONDS + 2 * MOST_LATE_SECONDS, waited
    assert 2 * RELAXED_SECONDS - 1 <= waited[1] <= 2 * RELAXED_SECONDS + 2 * MOST_LATE_SECONDS, waited
    for held in phones.values():
        await held.hangs_up()
    await floor.leaves("able")
    await floor.leaves("learning")
    await floor.waits("13800001009", "1234512")
    asked = time.monotonic()
    await phones["other"].rings(within=5)  # nobody who can is there: anyone, at once
    assert time.monotonic() - asked < MOST_LATE_SECONDS


def visits(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Each queue the call was in, and how it left it."""
    return [(part["queue"], part["how"]) for part in record["segments"] if part["kind"] == "queue"]


async def callbacks(floor: Floor, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await floor.hotline.get(f"/api/callbacks{query}")).json()["items"]
    return items


async def callback_of(floor: Floor, number: str) -> dict[str, Any]:
    """What was promised to this number, once the service has read of it."""

    async def promised() -> list[dict[str, Any]]:
        return [one for one in await callbacks(floor) if one["number"] == number]

    (found,) = await until(promised, "the call-back in the list", LIST_SECONDS)
    assert isinstance(found, dict)
    return found


def places(floor: Floor, number: str) -> int:
    """Legs in the queue that stand for this number."""
    lines = floor.hotline.asterisk("core show channels concise").splitlines()
    return sum(line.startswith("Local/p") and ";1!" in line and f"!{number}!" in line for line in lines)
