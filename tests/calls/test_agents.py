"""People at phones: log in with a PIN, are rung, rest after calls, miss some, vanish; with the service and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from hotline import menus, reload
from queues import people
from queues.actor import ADMINISTRATOR, Actor, NotRunning
from queues.desk import ask
from telephone import sound
from telephone.caller import Caller as Telephone
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import DidNotRing, Phone
from telephone.prompts import Prompts
from tests.calls.conftest import CALLS, Citizen, change, down, until
from tests.calls.staff import on_desks
from tests.calls.test_publish import rendered
from tests.scenario import Caller
from tickets.database import Database

pytestmark = CALLS

ROOT = Actor(ADMINISTRATOR, name="test")
PIN = "4711"
QUEUE_NAME = sound.babble(1.0, seed=77)
MIXED_LIKE = 0.6  # beside a conversation, on a busy machine a frame of 20 ms comes late now and then
PIECES = 0.5  # a frame or two are lost while the receiver is being lifted, and then none of the whole is in its place
REST_SECONDS = 3
AGENTS = {"wrapup_seconds": REST_SECONDS, "ring_seconds": 3, "missed_calls": 2, "wait_seconds": 60}


class Desk:
    """An agent's desk: a phone without fixed queues, and a person with a PIN."""

    def __init__(self, hotline: HotlineUnderTest, network: Network, prompts: Prompts, phone: Phone, login: str, work_number: str) -> None:
        self.hotline, self.network, self.prompts, self.phone = hotline, network, prompts, phone
        self.login, self.work_number = login, work_number

    async def dials(self, code: str) -> Telephone:
        telephone = Telephone(self.network.ami, self.network.sound, self.phone.name, trunk=self.phone.name)
        await telephone.dials(code)
        return telephone

    async def hears_after(self, code: str, prompt: str) -> None:
        """Dials a code that needs nothing more, and hears what came of it."""
        telephone = await self.dials(code)
        await telephone.hears(self.prompts[prompt], prompt, within=12)
        await telephone.is_hung_up_on()

    async def logs_in(self, pin: str = PIN, hears: str = "agent-logged-in") -> None:
        telephone = await self.dials("*10")
        await telephone.hears(self.prompts["agent-number"], "agent-number")
        await telephone.presses(f"{self.work_number}#")
        await telephone.hears(self.prompts["agent-pin"], "agent-pin")
        await telephone.presses(f"{pin}#")
        await telephone.hears(self.prompts[hears], hears)
        await telephone.is_hung_up_on()

    async def asks(self, what: str, **fields: Any) -> dict[str, Any]:
        return await asyncio.to_thread(ask, self.hotline.settings.home, what, ROOT, login=self.login, **fields)

    async def shown(self) -> dict[str, Any]:
        items = (await self.hotline.get("/api/agents")).json()["items"]
        return next((item for item in items if item["login"] == self.login), {})

    async def is_(self, state: str, why: str | None = None, within: float = 10.0) -> dict[str, Any]:
        async def reached() -> dict[str, Any]:
            shown = await self.shown()
            return shown if shown.get("state") == state and (why is None or shown["why"] == why) else {}

        try:
            return await until(reached, f"{self.login} is {state}", within)
        except AssertionError as error:
            print(self.hotline.asterisk("queue show"), self.hotline.asterisk("core show channels"), self.hotline.last_words())
            raise AssertionError(f"{error}; last: {await self.shown()}") from None

    async def answers(self) -> bool:
        try:
            await asyncio.to_thread(ask, self.hotline.settings.home, "agent.at_phone", ROOT, phone=self.phone.name)
        except NotRunning:
            return False
        return True

    async def in_asterisk(self, wanted: str, without: str = "\0") -> None:
        """What app_queue itself says of this phone in the queue of complaints."""

        async def says() -> bool:
            lines = self.hotline.asterisk("queue show hotline-complaints").splitlines()
            own = next((line for line in lines if f"PJSIP/{self.phone.name})" in line), "")
            return wanted in own and without not in own

        await until(says, f"{self.phone.name} {wanted}", 15)

    def is_a_member(self) -> bool:
        return f"PJSIP/{self.phone.name}" in self.hotline.asterisk("queue show")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(hotline: HotlineUnderTest, network: Network, prompts: Prompts, agent: Phone) -> AsyncIterator[Desk]:
    """li with work number 7; the fixed phone of the other stories is off its desk meanwhile."""
    phone = (await on_desks(hotline, network, "desk-1"))["desk-1"]
    await asyncio.to_thread(person, hotline, "li", "7")
    await agent.unregister()
    path = hotline.settings.city / "queues.yaml"
    before = path.read_text(encoding="utf-8")
    change(path, lambda queues: [queue.update(AGENTS) for queue in queues.values()] + [queues["general"].update(agent_hears="queue")])
    change(hotline.settings.city / "prompts.yaml", lambda texts: texts.update({"queue-general": "综合服务"}))
    sound.write(hotline.settings.city / "recordings" / "zh" / "queue-general.wav", QUEUE_NAME)
    await asyncio.to_thread(rendered, hotline)
    await asyncio.to_thread(published, hotline)
    yield Desk(hotline, network, prompts, phone, "li", "7")
    path.write_text(before, encoding="utf-8")
    await asyncio.to_thread(published, hotline)
    await agent.register_again()


def published(hotline: HotlineUnderTest) -> None:
    """Other queues; no prompt is another one."""
    menus.publish(hotline.settings, "agents rest", force=True)
    reload.menus(hotline.settings)


def person(hotline: HotlineUnderTest, login: str, work_number: str) -> None:
    database = Database(hotline.settings.database_url)
    people.add(database, ROOT, login, {"name": "李明", "work_number": work_number}, PIN)
    database.close()


async def talks(citizen: Citizen, desk: Desk, number: str = "1234511") -> Any:
    line = citizen()
    await Caller(line).dials(number).reaches("complaints").stays()
    await desk.phone.rings()
    await desk.phone.answers()
    return line


async def test_a_day_at_a_phone(citizen: Citizen, desk: Desk) -> None:
    """Logs in with work number and PIN, is heard by number, rests without being rung by the other queue, is ready early."""
    await desk.logs_in("9999", hears="agent-wrong-pin")
    await desk.logs_in()
    shown = await desk.is_("available")
    assert (shown["phone"], shown["work_number"], shown["queues"]) == ("desk-1", "7", ["complaints", "general"])
    line = await talks(citizen, desk)

    async def told_the_work_number() -> bool:
        heard = line.telephone.heard
        around = all(sound.share(heard, desk.prompts[prompt]) >= PIECES for prompt in ("agent-before", "agent-after"))
        return around and sound.match(heard, desk.prompts["digit-7"]).correlation >= MIXED_LIKE

    await until(told_the_work_number, "the caller hears who answers", 10)
    await desk.is_("talking", "complaints")
    other = citizen()
    await Caller(other).dials("1234512").reaches("general").stays()
    await line.telephone.hangs_up()
    await desk.is_("after_call_work", within=REST_SECONDS)
    try:
        await desk.phone.rings(within=REST_SECONDS - 1)
        raise AssertionError("rung by the other queue in after-call work")
    except DidNotRing:
        pass
    await desk.phone.rings()
    await desk.phone.answers()
    await desk.phone.leg.has_heard(len(QUEUE_NAME) + 8000, 5)
    assert sound.share(desk.phone.heard, QUEUE_NAME) >= PIECES, "the name of the queue, before the caller"
    await desk.phone.hangs_up()
    await desk.is_("after_call_work", "general", within=REST_SECONDS)
    await desk.hears_after("*13", "agent-ready")
    await desk.is_("available", within=1)
    await desk.hears_after("*122", "agent-paused")
    paused = await desk.is_("paused", "meal")
    assert paused["until"] - paused["since"] > 40 * 60
    await desk.asks("agent.ready")
    await desk.hears_after("*11", "agent-logged-out")
    assert await desk.shown() in ({}, {**await desk.shown(), "state": "logged_out"}) and not desk.is_a_member()


async def test_missed_calls_move_on_and_then_pause(citizen: Citizen, desk: Desk) -> None:
    await desk.asks("agent.login", phone="desk-1")
    await desk.is_("available")
    line = citizen()
    await Caller(line).dials("1234511").reaches("complaints").stays()
    await desk.phone.rings()
    await desk.is_("ringing", "complaints")
    await desk.is_("paused", "missed_call")
    await desk.is_("paused", "missed_calls", within=20)
    await line.telephone.hangs_up()
    await desk.asks("agent.ready")
    await desk.is_("available")


async def test_a_phone_that_vanishes_makes_its_agent_unavailable(desk: Desk) -> None:
    await desk.phone.unregister()
    await desk.is_("unavailable", "phone", within=3)
    await desk.phone.register_again()
    await desk.is_("available", within=3)


async def test_a_restart_in_the_middle_of_a_call_keeps_who_is_doing_what(citizen: Citizen, desk: Desk, hotline: HotlineUnderTest) -> None:
    line = await talks(citizen, desk)
    talking = await desk.is_("talking", "complaints")
    await hotline.kill("telephony")
    await until(desk.answers, "telephony is back")
    again = await desk.is_("talking", "complaints")
    assert again["since"] == talking["since"] and again["linkedid"] == talking["linkedid"]
    await line.telephone.hangs_up()
    await desk.is_("after_call_work", within=REST_SECONDS)
    await desk.is_("available")


async def test_with_the_service_stopped_the_rest_and_breaks_are_asterisks(citizen: Citizen, desk: Desk, hotline: HotlineUnderTest) -> None:
    line = await talks(citizen, desk)
    async with down(hotline):
        hotline.asterisk("dialplan set global HOTLINE_FLOOR 0")  # as after the 9 s for which the service said it would be there
        await line.telephone.hangs_up()
        await desk.in_asterisk("(paused:after_call_work")
        await desk.in_asterisk("(Not in use)", without="paused")
        await desk.hears_after("*121", "agent-paused")
        await desk.in_asterisk("(paused:rest")
        await desk.logs_in(hears="agent-later")
    await desk.is_("paused", "rest")
    await desk.asks("agent.ready")
    await desk.asks("agent.logout")
    assert not desk.is_a_member()
