"""What an agent does with their telephone's own keys, as the hotline takes it: ask first and hand over, by number or work number."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.calls.conftest import ticket_of, until
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.ears import everybody, soon

pytestmark = CALLS


async def shown(floor: Floor, phone: str) -> dict[str, Any]:
    agents = (await floor.hotline.get("/api/agents")).json()["items"]
    return next(agent for agent in agents if agent["phone"] == phone)


async def seated(floor: Floor) -> bool:
    """It forgets with each reading of the dialplan, and is told again."""
    return "HOTLINE_SEAT_102=li" in floor.hotline.asterisk("dialplan show globals")


async def test_somebody_asked_on_the_second_line_gets_the_caller(floor: Floor) -> None:
    """REFER with Replaces (RFC 3891): states, ticket and record know who talks with whom, and the caller is asked how it was."""
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    line = wang.second_line()
    await until(lambda: seated(floor), "Asterisk knows where 102 sits")
    asking = asyncio.create_task(line.dials("*0102"))  # li's work number
    await li.rings()
    await li.answers()
    await asking
    assert (await shown(floor, "li"))["linkedid"] != call
    assert await wang.transfers("li", line)
    await wang.is_free()
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)

    async def handed() -> bool:
        now = await shown(floor, "li")
        return (now["state"], now["linkedid"]) == ("talking", call) and await floor.is_doing("wang", "available")

    await until(handed, "li talks in this call, wang is free")
    assert "@hotline-serves" not in floor.hotline.asterisk("core show channels concise"), "wang's number is said to nobody any more"
    await floor.call("li", call, "hold")
    await floor.call("li", call, "resume")
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await li.hangs_up()
    await citizen.hears(floor.prompts["satisfaction"], "satisfaction")
    await citizen.hangs_up()
    assert [line[4:7] for line in (*floor.queue_log("HOTLINETRANSFER", call), *floor.queue_log("HOTLINEANSWER", call))] == [
        ["HOTLINETRANSFER", call, "agent"], ["HOTLINEANSWER", call, "agent"],
    ]  # fmt: skip

    async def told() -> bool:
        ticket = (await floor.hotline.get(f"/api/tickets/{(await ticket_of(floor.hotline, citizen.number))['number']}")).json()
        return {"transferred", "agent_changed"} <= {line["event"] for line in ticket["history"]}

    await until(told, "the ticket knows")

    async def recorded() -> list[tuple[str, str, str]]:
        answer = await floor.hotline.get(f"/api/records/{call}")
        record = answer.json() if answer.is_success else {"ended_at": None}
        talks = [part for part in record["segments"] if part["kind"] == "talk"] if record["ended_at"] else []
        return [(part["agent"], part["queue"], part["how"]) for part in talks]

    assert await until(recorded, "its record") == [("wang", "complaints", "transfer"), ("li", "", "agent")]


async def test_handed_over_while_it_rings_a_caller_whom_nobody_takes_is_in_front(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    line = wang.second_line()
    asking = asyncio.create_task(line.dials("li"))
    await li.rings()
    assert await wang.transfers("li", line)
    await li.refuses()
    asking.cancel()
    await wang.rings()  # the front of the queue they came from
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    assert await floor.is_doing("li", "available")
    await citizen.hangs_up()


async def test_a_queue_is_asked_first_then_all_three_talk(floor: Floor) -> None:
    """By the API; whoever of the queue answers is asked. No caller waits in it meanwhile, and none was offered to it."""
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    await floor.call("wang", call, "transfer", {"to": {"kind": "queue", "name": "general"}, "talk_first": True})
    await li.rings()

    async def nobody_waits() -> bool:
        queues = (await floor.hotline.get("/api/queues")).json()["items"]
        return not [caller for queue in queues for caller in queue["waiting"]]

    await until(nobody_waits, "neither the citizen nor the agent who asks waits")
    await li.answers()
    await soon({"citizen": set(), "wang": {"li"}, "li": {"wang"}}, citizen=citizen, wang=wang, li=li)
    await floor.call("wang", call, "conference")
    await soon(everybody("citizen", "wang", "li"), citizen=citizen, wang=wang, li=li)
    await wang.hangs_up()
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await citizen.hangs_up()
    await li.is_free()
    assert len([ticket for ticket in await floor.hotline.tickets() if ticket["linkedid"] == call]) == 1

    async def visits() -> list[str]:
        answer = await floor.hotline.get(f"/api/records/{call}")
        record = answer.json() if answer.is_success else {"ended_at": None}
        return [part["queue"] for part in record["segments"] if part["kind"] == "queue"] if record["ended_at"] else []

    assert await until(visits, "its record") == ["complaints"]


async def test_whoever_asks_a_queue_and_hangs_up_leaves_the_caller_to_who_answered_or_in_front(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    ask = {"to": {"kind": "queue", "name": "general"}, "talk_first": True}
    await floor.call("wang", call, "transfer", ask)
    await li.rings()
    await floor.call("wang", call, "resume")
    await li.is_free()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await floor.call("wang", call, "transfer", ask)
    await li.rings()
    await li.answers()
    await soon({"citizen": set(), "wang": {"li"}, "li": {"wang"}}, citizen=citizen, wang=wang, li=li)
    await wang.hangs_up()
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await citizen.hangs_up()
