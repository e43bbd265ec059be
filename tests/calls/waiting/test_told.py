"""While callers wait: they are told from outside, keys lead on, and whom nobody takes is not let go."""

from __future__ import annotations

import asyncio
import time

from telephone.phone import Phone, PhoneAccount
from tests.calls.conftest import CALLS
from tests.calls.waiting.floor import JOIN_SECONDS, MOST_LATE_SECONDS, OVER_MUSIC, Floor

pytestmark = CALLS


async def test_waiting_callers_are_told_and_nobody_waits_for_the_end_of_it(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-timed": 0})
    agent = phones["able"]
    await floor.waits("13800001101", "1234517")
    await agent.rings()
    await agent.answers()
    await floor.waits("13800001102", "1234517")
    third = await floor.waits("13800001103", "1234517")
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
    await caller.presses("5")  # no key of this queue; in the menu it leads to a message
    await caller.presses("*")
    await floor.hears(caller, "main-menu")
    now = {name: (await floor.ami.action("Getvar", Channel=leg, Variable=name))["Value"] for name in was}
    assert now == dict.fromkeys(was, "") | {"QUEUE_PRIO": "0"}
    await caller.presses("5")  # and now it is one
    await floor.hears(caller, "voicemail-notice")


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


async def test_whom_a_queue_lets_in_at_no_time_leaves_a_message_in_the_end(floor: Floor) -> None:
    """After 120 rounds of music, which is more than half an hour: nobody is hung up on."""
    caller = floor.caller("13800002000")
    await caller.dials("1234513")  # nobody is logged in there
    await floor.hears(caller, "offer-voicemail")
    await floor.ami.action("Setvar", Channel=floor.leg("13800002000"), Variable="HOTLINE_TRIES", Value="120")
    await caller.presses("2")
    await floor.hears(caller, "all-busy")
    await floor.hears(caller, "voicemail-notice")
    assert floor.events_of("13800002000")[-1] == "HOTLINEMOVED"


async def test_a_language_is_a_skill_and_a_node_has_its_priority(floor: Floor, phones: dict[str, Phone]) -> None:
    await floor.joins("able", {"hotline-general": 0, "hotline-general+english": 0})
    await floor.joins("other", {"hotline-general": 0})
    english = floor.caller("13800002100")
    await english.dials("123458")
    await english.presses("6")
    await phones["able"].rings(within=15)
    await phones["able"].answers()
    assert "hotline-general+english" in [line[2] for line in floor.log() if line[4] == "CONNECT"]
    await floor.waits("13800002101", "123450")
    await phones["other"].rings()
    await phones["other"].answers()
    await floor.waits("13800002102", "123450")
    await floor.waits("13800002103", "123456")  # of a matter that goes before others
    await phones["other"].hangs_up()
    await phones["other"].rings(within=5)
    assert phones["other"].shown == "13800002103"
