"""A call-back keeps the place, whatever dies meanwhile; one telephone rings once, and only when an agent is there."""

from __future__ import annotations

from typing import Any

from telephone.phone import Phone, PhoneAccount
from tests.calls.conftest import CALLS, until
from tests.calls.waiting.floor import (
    LIST_SECONDS,
    Floor,
    callback_of,
    callbacks,
    places,
    the_able_are_rung_first_and_callers_relax,
    visits,
)

pytestmark = CALLS


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


async def test_two_who_are_due_at_once_are_called_one_after_the_other(floor: Floor, phones: dict[str, Phone]) -> None:
    """Each once, by one agent; whoever asks twice has one call-back. Their records say what they were."""
    await floor.joins("able", {"hotline-complaints": 0})
    agent, numbers = phones["able"], ("13800002201", "13800002202")
    homes = {number: Phone(floor.network.ami, floor.network.sound, PhoneAccount(number, "")) for number in numbers}
    await floor.waits("13800002200", "1234511")
    await agent.rings()
    await agent.answers()
    for number, answer in ((numbers[0], "callback-noted"), (numbers[1], "callback-noted"), (numbers[0], "callback-known")):
        asking = await floor.waits(number, "1234511")
        await asking.presses("2")
        await floor.hears(asking, "callback-number")
        await asking.presses("1")
        await floor.hears(asking, answer)
        await asking.is_hung_up_on()
    assert [places(floor, number) for number in numbers] == [1, 1]
    await agent.hangs_up()
    for number in numbers:
        await agent.rings(within=10)
        await agent.answers()
        await homes[number].rings(within=10)
        await homes[number].answers()
        assert all(home._free.is_set() for other, home in homes.items() if other != number), "one at a time"
        await homes[number].leg.has_heard(4000, 3)
        await homes[number].hangs_up()
        await agent.is_free()

    async def done() -> bool:
        over = [(one["number"], one["state"], one["tries"]) for one in await callbacks(floor, "?all=true") if one["number"] in numbers]
        return sorted(over) == [(number, "done", 1) for number in numbers]

    await until(done, "both are done", LIST_SECONDS)
    for number in numbers:
        record = await floor.record(number, kind="callback")
        assert (record["outcome"], [part["agent"] for part in record["segments"] if part["kind"] == "talk"]) == ("answered", ["able"])
    asked = await floor.record(numbers[1], kind="inbound")
    assert (asked["outcome"], visits(asked)) == ("callback", [("complaints", "callback")])
