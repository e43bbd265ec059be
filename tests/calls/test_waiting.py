"""While callers wait: they are told from outside, keys lead on, a call-back keeps the place, able agents are rung first."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest_asyncio

from hotline.asterisk import find, ours
from queues import desk
from queues.actor import SUPERVISOR, Actor, Refused
from telephone.ami import Ami
from telephone.caller import Caller
from telephone.hotline_under_test import HotlineUnderTest, Plan
from telephone.network import Network, Wiring
from telephone.phone import Phone, PhoneAccount
from telephone.prompts import Prompts
from tests.calls.conftest import CALLS, change, until

pytestmark = CALLS

SIP_PORT = 21160
OVER_MUSIC = 0.6  # how like a prompt is that is heard with music under it
RELAXED_SECONDS = 4
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
JOIN_SECONDS = 20
SERVED_SECONDS = 60
LIST_SECONDS = 30  # a command, on a busy machine
MOST_LATE_SECONDS = 1.5  # app_queue looks once a second


class Floor:
    """A hotline of its own, whose queues are quick to relax and to overflow."""

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
            await self.ami.action("QueueAdd", Queue=queue, Interface=f"PJSIP/{phone}", MemberName=phone, Penalty=str(penalty), StateInterface=f"PJSIP/{phone}")
            self.joined.add((queue, phone))

    async def leaves(self, phone: str) -> None:
        for queue, name in sorted(self.joined):
            if name == phone:
                await self.ami.action("QueueRemove", Queue=queue, Interface=f"PJSIP/{phone}")
                self.joined.discard((queue, name))

    async def connects(self) -> None:
        """To the hotline's Asterisk as it is now; nobody of ours is logged in to a new one."""
        settings = self.hotline.settings
        self.ami = await Ami.connect("127.0.0.1", settings.ami_port, ours.AMI_USER, ours.ami_secret(settings))
        self.joined.clear()

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


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(folder: Path, city: Path) -> AsyncIterator[Floor]:
    here = folder / "waiting"
    change(_copied(city, here / "city") / "queues.yaml", _queues)
    change(here / "city" / "menus.yaml", _menus)
    change(here / "city" / "hours.yaml", _hours)
    plan = Plan(
        here / "h", SIP_PORT, SIP_PORT + 1, SIP_PORT + 2, SIP_PORT + 3, (22000, 22999),
        settings={"sip": {"address": "127.0.0.1"}, "menu": {"city": str(here / "city")}},
    )  # fmt: skip
    wiring = Wiring(here / "n", hotline_port=SIP_PORT, sip_port=SIP_PORT, phones_port=SIP_PORT + 4, ami_port=SIP_PORT + 5, rtp_ports=(24000, 24999))
    async with HotlineUnderTest(plan) as hotline, Network(wiring, find(hotline.settings.downloads)) as network:
        made = Floor(hotline, network)
        await made.connects()
        await made.served()
        yield made
        await made.ami.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def phones(floor: Floor) -> dict[str, Phone]:
    """Three on their desks; whoever works at them joins queues in the stories."""
    made = {}
    for name in ("able", "learning", "other"):
        account = await floor.hotline.command("phone", "add", name)
        made[name] = await floor.network.phone(PhoneAccount(account["username"], account["secret"]))
    return made


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def cleared(floor: Floor, phones: dict[str, Phone]) -> AsyncIterator[None]:
    yield
    await floor.over()
    for phone in phones.values():
        await phone.is_free()


async def the_able_are_rung_first_and_callers_relax(floor: Floor, phones: dict[str, Phone]) -> None:
    """Each of three callers who need tax finds the best agent busy, and waits a step longer for the next one."""
    tax = "hotline-general+tax"
    for phone, penalty in (("able", 0), ("learning", 6), ("other", 9)):
        await floor.joins(phone, {tax: penalty})
    waited = []
    for number, phone in enumerate(("able", "learning", "other")):
        await floor.waits(f"1380000100{number}", "1234512")
        asked = time.monotonic()
        await phones[phone].rings(within=15)
        waited.append(time.monotonic() - asked)
        await phones[phone].answers()
    assert waited[0] < MOST_LATE_SECONDS
    assert RELAXED_SECONDS - 1 <= waited[1] <= RELAXED_SECONDS + 2 * MOST_LATE_SECONDS, waited
    assert 2 * RELAXED_SECONDS - 1 <= waited[2] <= 2 * RELAXED_SECONDS + 2 * MOST_LATE_SECONDS, waited
    for held in phones.values():
        await held.hangs_up()
    await floor.leaves("able")
    await floor.leaves("learning")
    await floor.waits("13800001009", "1234512")
    asked = time.monotonic()
    await phones["other"].rings(within=5)  # nobody who can is there: anyone, at once
    assert time.monotonic() - asked < MOST_LATE_SECONDS


async def test_waiting_callers_are_told_and_nobody_waits_for_the_end_of_it(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-complaints": 0})
    agent = phones["able"]
    await floor.waits("13800001101", "1234511")
    await agent.rings()
    await agent.answers()
    await floor.waits("13800001102", "1234511")
    third = await floor.waits("13800001103", "1234511")
    await floor.hears(third, "position-2", OVER_MUSIC)
    # They are still being told when the agent becomes free: the first in line is put through all the same, and at once.
    assert "ChanSpy" in floor.hotline.asterisk("core show channels concise")
    await agent.hangs_up()
    freed = time.monotonic()
    await agent.rings(within=5)
    assert time.monotonic() - freed < MOST_LATE_SECONDS
    await agent.answers()
    await floor.hears(third, "wait-10", OVER_MUSIC)  # two calls of three minutes were before one agent
    await agent.leg.has_heard(12_000, 3)
    assert not floor.prompts.heard_in(agent.heard)  # the agent never hears it
    await agent.hangs_up()


async def test_each_key_leads_on_and_none_is_an_abandoned_call(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-complaints": 0})
    await floor.waits("13800001200", "1234511")
    await phones["able"].rings()
    await phones["able"].answers()
    message, menu = await floor.waits("13800001201", "1234511"), await floor.waits("13800001202", "1234511")
    await message.presses("1")
    await menu.presses("*")
    await floor.hears(message, "voicemail-notice")
    await floor.hears(menu, "main-menu")
    await floor.over()
    for number in ("13800001201", "13800001202"):
        assert floor.events_of(number) == ["HOTLINE", "ENTERQUEUE", "EXITWITHKEY", "HOTLINEKEY"]
    # Whoever calls again soon waits before others (waiting.yaml, again), and nobody does by pressing keys.
    await floor.joins("able", {"hotline-complaints": 0})
    await floor.waits("13800001203", "1234511")
    await phones["able"].rings()
    await phones["able"].answers()
    await floor.waits("13800001201", "1234511")
    async with floor.ami.watch(lambda event: event["Event"] == "QueueEntry" and event.get("CallerIDNum") == "13800001201") as entry:
        await floor.ami.action("QueueStatus")
        async with asyncio.timeout(5):
            assert (await entry)["Priority"] == "3"


async def test_without_the_service_a_call_back_keeps_its_place_and_callers_reach_the_able_first(floor: Floor, phones: dict[str, Phone]) -> None:
    """The citizen's own telephone rings only when an agent is there; one call, and the agent is asked before whoever came later."""
    await floor.joins("able", {"hotline-complaints": 0})
    agent, home = phones["able"], Phone(floor.network.ami, floor.network.sound, PhoneAccount("13800001301", ""))
    await floor.waits("13800001300", "1234511")
    await agent.rings()
    await agent.answers()
    asking, later = await floor.waits("13800001301", "1234511"), await floor.waits("13800001302", "1234511")
    await asking.presses("2")
    await floor.hears(asking, "callback-number")
    await asking.presses("1")
    await floor.hears(asking, "callback-noted")
    await asking.is_hung_up_on()
    promised = await callback_of(floor, "13800001301")
    assert (promised["state"], promised["place"]) == ("waiting", 1)
    await floor.hotline.kill_python()
    try:
        await agent.hangs_up()
        await agent.rings(within=5)
        await agent.answers()
        await home.rings(within=5)
        await home.answers()
        await home.leg.has_heard(home.leg.samples_heard + 4000, 3)
        await home.hangs_up()
        await agent.rings(within=10)  # then whoever came later
        await agent.answers()
        assert later.connected
        await agent.hangs_up()
        await floor.leaves("able")
        await the_able_are_rung_first_and_callers_relax(floor, phones)
    finally:
        await floor.starts()

    async def done() -> Any:
        past = await callbacks(floor, "?all=true")
        return [one for one in past if (one["number"], one["state"], one["tries"]) == ("13800001301", "done", 1)]

    await until(done, "the call-back done", LIST_SECONDS)
    assert "ABANDON" not in floor.events_of("13800001301")


async def test_a_place_that_died_with_asterisk_is_made_again_once(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-general": 0})
    await floor.waits("13800001400", "123450")
    await phones["able"].rings()
    await phones["able"].answers()
    asking = await floor.waits("13800001401", "123450")
    await asking.presses("2")
    await floor.hears(asking, "callback-number")
    await asking.presses("1")
    await floor.hears(asking, "callback-noted")
    await callback_of(floor, "13800001401")
    floor.hotline.process("asterisk").kill()
    await phones["able"].hangs_up()  # nobody says good-bye
    await floor.hotline.healthy()
    await floor.connects()

    async def stands() -> bool:
        return places(floor, "13800001401") == 1

    await until(stands, "the place made again", 30)
    await floor.hotline.kill("telephony")
    await floor.hotline.healthy()
    await floor.served()
    assert places(floor, "13800001401") == 1


async def test_a_withheld_caller_types_a_number_that_is_read_back(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-complaints": 0})
    await floor.waits("13800001500", "1234511")
    await phones["able"].rings()
    await phones["able"].answers()
    caller = await floor.waits("", "1234511")
    await caller.presses("2")
    await floor.hears(caller, "callback-type")
    await caller.presses("008522345678#")  # abroad
    await floor.hears(caller, "callback-wrong")
    await floor.hears(caller, "callback-type")
    await caller.presses("8123450#")
    await floor.hears(caller, "digit-8")
    await floor.hears(caller, "digit-1")
    await caller.presses("1")  # they have heard enough to know it is right
    await floor.hears(caller, "callback-noted")
    promised = await callback_of(floor, "8123450")
    await floor.hotline.command("callbacks", "cancel", promised["id"])
    assert places(floor, "8123450") == 0


async def test_callers_go_elsewhere_as_the_queue_says(floor: Floor, phones: dict[str, Phone]) -> None:
    """After a wait, where too many wait, nobody is logged in, outside hours; a moved caller has not given up."""
    await floor.joins("other", {"hotline-moving": 0, "hotline-general": 0})
    await floor.joins("learning", {"hotline-general": 0})
    first = await floor.waits("13800001600", "1234513")
    await phones["other"].rings()
    await phones["other"].answers()
    moved = await floor.waits("13800001601", "1234513")
    await phones["learning"].rings(within=10)
    await phones["learning"].answers()
    assert moved.connected and "ABANDON" not in floor.events_of("13800001601") and "HOTLINEMOVED" in floor.events_of("13800001601")
    outside = Phone(floor.network.ami, floor.network.sound, PhoneAccount("13800001999", ""))
    many = floor.caller("13800001602")
    await asyncio.gather(many.dials("1234514"), outside.rings(within=20))
    await outside.answers()
    nobody = floor.caller("13800001603")
    await nobody.dials("123454")
    await floor.hears(nobody, "voicemail-notice")
    closed = floor.caller("13800001604")
    await closed.dials("123455")
    await floor.hears(closed, "voicemail-notice")
    await floor.over()
    assert first


async def test_the_key_back_to_the_menu_begins_anew(floor: Floor, phones: dict[str, Phone]) -> None:
    """What was pressed in the queue is no choice of the menu, and what the caller had become there stays there."""
    await floor.joins("able", {"hotline-complaints": 0})
    await floor.waits("13800001800", "1234511")
    await phones["able"].rings()
    await phones["able"].answers()
    caller = await floor.waits("13800001801", "1234511")
    leg = floor.leg("13800001801")
    was = {"HOTLINE_PLACE": "1", "HOTLINE_URGENT": "1", "HOTLINE_MOVED": "failed", "HOTLINE_SPOOL": "full", "QUEUE_PRIO": "20"}
    for name, value in was.items():
        await floor.ami.action("Setvar", Channel=leg, Variable=name, Value=value)
    await caller.presses("4")  # no key of this queue; in the menu it leads to a message
    await caller.presses("*")
    await floor.hears(caller, "main-menu")
    now = {name: (await floor.ami.action("Getvar", Channel=leg, Variable=name))["Value"] for name in was}
    assert now == dict.fromkeys(was, "") | {"QUEUE_PRIO": "0"}
    await caller.presses("4")  # and now it is one
    await floor.hears(caller, "voicemail-notice")


async def test_with_a_full_disk_whoever_would_leave_a_message_waits_for_a_person(floor: Floor, phones: dict[str, Phone]) -> None:
    script = floor.hotline.plan.home / "asterisk" / "agi-bin" / "hotline-spool"
    real = script.read_text()
    free = floor.hotline.settings.file.spool.minimum_free_mb
    script.write_text(real.replace(f"'{free}'", f"'{1 << 40}'"))
    try:
        await floor.joins("other", {"hotline-closed": 0, "hotline-later": 0})
        closed = floor.caller("13800001900")
        await asyncio.gather(closed.dials("123455"), phones["other"].rings(within=20))  # outside hours
        await phones["other"].answers()
        later = await floor.waits("13800001901", "123457")  # after 3 s
        nobody = floor.caller("13800001902")
        await nobody.dials("123454")  # nobody is logged in
        await floor.hears(later, "voicemail-unavailable", within=20)
        await floor.hears(nobody, "all-busy", within=20)

        async def back() -> bool:
            return floor.events_of("13800001901").count("ENTERQUEUE") > 1

        await until(back, "in the queue again", JOIN_SECONDS)
        await later.leg.has_heard(later.leg.samples_heard + 5 * 8000, 10)  # longer than it waited before
        await phones["other"].hangs_up()
        await phones["other"].rings(within=5)
        await phones["other"].answers()
        for number in ("13800001900", "13800001901", "13800001902"):
            assert floor.events_of(number).count("HOTLINEMOVED") == 1, number
    finally:
        script.write_text(real)


async def test_a_queue_that_is_no_more_leads_to_a_person(floor: Floor) -> None:
    """Of a caller who is in the menu of an older version, which named it."""
    async with floor.ami.watch(lambda event: event.get("UserEvent") == "HotlineDecided" and event["Path"] == "12345-0") as decided:
        told = "HOTLINE_VERSION=1,HOTLINE_DECISION=queue,HOTLINE_TARGET=removed,HOTLINE_AT=12345-1,HOTLINE_CALLED=12345"
        variables = [(name, value) for name, _, value in (one.partition("=") for one in told.split(","))]
        await floor.ami.action("Originate", *variables, Channel="Local/s@hotline-queue/n", Application="Wait", Data="30", Async="true")
        async with asyncio.timeout(JOIN_SECONDS):
            assert (await decided)["Target"] == "general"
        await floor.ami.action("Hangup", Channel="/^Local\\/s@hotline-queue.*$/")


async def test_a_blocked_number_hears_why_and_reaches_110_all_the_same(floor: Floor) -> None:
    await floor.hotline._call("blocks", "add", "13800001700", "--reason", "insults")  # it prints nothing
    blocked = floor.caller("13800001700")
    await blocked.dials("12345")
    await floor.hears(blocked, "blocked")
    await blocked.is_hung_up_on(5)
    police = Phone(floor.network.ami, floor.network.sound, PhoneAccount("110", ""))
    urgent = floor.caller("13800001700")
    dialling = asyncio.create_task(urgent.dials("110"))
    await police.rings(within=10)
    await police.answers()
    await dialling
    withheld = floor.caller("")
    await withheld.dials("12345")
    await floor.hears(withheld, "welcome")


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


def _queues(queues: Any) -> None:
    queues["general"].update(relax=["0 7", f"{RELAXED_SECONDS} 1", f"{2 * RELAXED_SECONDS} 0"], wait_seconds=60)
    queues["complaints"].update(say="both", say_seconds=15, wait_seconds=60)
    ways = {
        "moving": "after 3 to queue general", "many": "above 0 to number 13800001999",
        "empty": "nobody to voicemail 12345-2", "closed": "outside elsewhen to voicemail 12345-2", "later": "after 3 to voicemail 12345-2",
    }  # fmt: skip
    for name, way in ways.items():
        queues[name] = {"name": name, "strategy": "linear", "wait_seconds": 60, "wrapup_seconds": 0, "overflow": "12345-2", "overflows": [way]}


def _menus(menus: Any) -> None:
    nodes = menus["nodes"]
    nodes["12345-1-2"]["skills"] = ["tax"]
    nodes["12345-1-3"]["queue"], nodes["12345-1-4"]["queue"] = "moving", "many"
    for key, queue in (("4", "empty"), ("5", "closed"), ("7", "later")):
        nodes[f"12345-{key}"] = {"name": queue, "kind": "queue", "queue": queue, "type": "help"}
        nodes["12345"]["choices"][key] = f"12345-{key}"


def _hours(hours: Any) -> None:
    """A time that is not now: today's and tomorrow's weekdays are not in it."""
    today = time.localtime().tm_wday
    hours["hours"]["elsewhen"] = [f"{DAYS[(today + 3) % 7]} 10:00-11:00"]


def _copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target
