"""Supervisors: who hears whom when they listen, whisper, barge in and take over; and callers they move."""

from __future__ import annotations

import asyncio

from tests.calls.conftest import until
from tests.conversations.conftest import CALLS, Floor
from tests.conversations.ears import everybody, soon

pytestmark = CALLS


def at_boss(mode: str) -> dict[str, str]:
    return {"mode": mode, "phone": "boss"}


async def test_listen_whisper_barge_and_take_over(floor: Floor) -> None:
    wang, boss = floor.phones["wang"], floor.phones["boss"]
    citizen, call = await floor.talk()
    for phone, status in (("li", 403), ("nobody", 404), ("", 422)):  # an agent's phone, none at all, none said
        await floor.call("boss", call, "supervision", {"mode": "listen", "phone": phone}, expected=status)
    assert (await floor.call("boss", call, "supervision", at_boss("listen")))["state"] == "ringing"
    await boss.rings()
    await boss.answers()
    legs = {"citizen": citizen, "wang": wang, "boss": boss}
    heard = {"citizen": {"wang"}, "wang": {"citizen"}, "boss": {"citizen", "wang"}}
    await soon(heard, **legs)
    assert (await floor.call("boss", call, "supervision", at_boss("whisper")))["state"] == "in_call"
    await soon(heard | {"wang": {"citizen", "boss"}}, **legs)
    await floor.call("boss", call, "supervision", at_boss("barge"))
    await soon(everybody(*legs), **legs)
    await floor.call("boss", call, "supervision", at_boss("listen"))
    await soon(heard, **legs)
    await floor.call("boss", call, "supervision", at_boss("take-over"))
    await wang.is_free()
    await soon(everybody("citizen", "boss"), citizen=citizen, boss=boss)
    await citizen.hangs_up()
    listened = [line for line in floor.audit() if line.action == "call.supervise" and line.target == call]
    assert [line.outcome for line in listened] == ["done"] * 5 + ["refused"] * 3
    assert {line.role for line in listened} == {"supervisor"}


async def test_taking_over_without_listening_first(floor: Floor) -> None:
    wang, boss = floor.phones["wang"], floor.phones["boss"]
    citizen, call = await floor.talk()
    await floor.call("boss", call, "supervision", at_boss("take-over"))
    await boss.rings()
    await boss.answers()
    await wang.is_free()
    await soon(everybody("citizen", "boss"), citizen=citizen, boss=boss)
    await boss.hangs_up()
    await citizen.hears(floor.prompts["satisfaction"], "satisfaction")
    await citizen.hangs_up()


async def test_a_waiting_caller_is_moved_and_another_preferred_and_nobody_abandoned(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    talking, _ = await floor.talk()
    waiting = [floor.network.caller(f"1370000000{place}") for place in range(3)]
    calls = []
    for citizen in waiting:
        await citizen.dials("1234511")
        calls.append(await floor.linkedid(citizen))
        await until(lambda: floor.waits("complaints", calls[-1]), "waiting")
    await floor.ask("boss", "POST", f"/api/queues/complaints/callers/{calls[2]}/priority", {"priority": 5})
    await floor.ask("boss", "POST", f"/api/queues/complaints/callers/{calls[0]}/move", {"to": "nowhere"}, expected=404)
    await floor.ask("wang", "POST", f"/api/queues/complaints/callers/{calls[0]}/move", {"to": "general"}, expected=403)
    await floor.ask("boss", "POST", f"/api/queues/general/callers/{calls[0]}/move", {"position": 1}, expected=404)
    moved = await floor.ask("boss", "POST", f"/api/queues/complaints/callers/{calls[0]}/move", {"to": "general"})
    assert moved == {"linkedid": calls[0], "queue": "general", "position": 1}
    await li.rings()
    await li.answers()
    await soon(everybody("citizen", "li"), citizen=waiting[0], li=li)
    await talking.hangs_up()
    await wang.rings()
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=waiting[2], wang=wang)
    assert floor.queue_log("HOTLINEMOVE", calls[0])[0][6:9] == ["complaints", "general", "1"]
    assert not floor.queue_log("ABANDON", calls[0])
    for citizen in waiting:
        await citizen.hangs_up()

    async def visits() -> list[tuple[str, str]]:
        answer = await floor.hotline.get(f"/api/records/{calls[0]}")
        record = answer.json() if answer.is_success else {"ended_at": None}
        return [(part["queue"], part["how"]) for part in record["segments"] if part["kind"] == "queue"] if record["ended_at"] else []

    assert await until(visits, "its record") == [("complaints", "moved"), ("general", "answered")]


async def test_a_message_reaches_every_desk(floor: Floor) -> None:
    headers = {"Authorization": f"Bearer {floor.tokens['wang']}"}
    async with floor.http.stream("GET", "/api/events", headers=headers) as events, asyncio.timeout(10):
        lines = events.aiter_lines()
        await anext(lines)
        await floor.ask("wang", "POST", "/api/messages", {"text": "hello"}, expected=403)
        await floor.ask("boss", "POST", "/api/messages", {"text": "暴雨预警：来电较多，请长话短说。"})
        async for line in lines:
            if line.startswith("data:") and "暴雨预警" in line:
                break
