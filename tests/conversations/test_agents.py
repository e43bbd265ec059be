"""What an agent does with a call, as everybody in it hears it."""

from __future__ import annotations

import asyncio
from typing import Any

from queues import people
from queues.desk import ask
from telephone import sound
from tests.calls.conftest import ticket_of, until
from tests.conversations.conftest import BY, CALLS, OUTSIDE, Floor
from tests.conversations.ears import everybody, soon
from tickets.database import Database

pytestmark = CALLS
TO_LI = {"to": {"kind": "agent", "name": "li"}}
OUT = {"kind": "outside", "name": "urban-management"}


async def test_hold_is_music_for_the_citizen_and_quiet_for_the_agent(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    assert (await floor.call("wang", call, "hold"))["state"] == "on_hold"
    await soon({"citizen": set(), "wang": set()}, citizen=citizen, wang=wang)
    before = citizen.leg.samples_heard
    assert await citizen.leg.has_heard(before + sound.RATE, 3)
    assert sound.audible(citizen.leg.heard(before)), "music"
    await until(lambda: floor.is_doing("wang", "on_hold"), "on hold")
    await floor.call("wang", call, "hold", expected=409)
    assert (await floor.call("wang", call, "resume"))["state"] == "talking"
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await until(lambda: floor.is_doing("wang", "talking"), "talking")
    await citizen.hangs_up()


async def test_a_caller_passed_to_a_colleague_is_asked_how_it_was_and_has_one_ticket(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    await floor.call("wang", call, "transfer", TO_LI)
    await li.rings()
    await wang.is_free()
    await li.answers()
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await li.hangs_up()
    await citizen.hears(floor.prompts["satisfaction"], "satisfaction")
    await citizen.presses("1")
    await citizen.is_hung_up_on()
    assert [line[5:7] for line in floor.queue_log("HOTLINERATING", call)] == [[call, "1"]]

    async def told() -> list[str]:
        ticket = (await floor.hotline.get(f"/api/tickets/{(await ticket_of(floor.hotline, citizen.number))['number']}")).json()
        events = [line["event"] for line in ticket["history"]]
        return events if "rated" in events else []

    assert {"transferred", "rated", "agent_changed"} <= set(await until(told, "the ticket knows"))
    assert len([ticket for ticket in await floor.hotline.tickets() if ticket["linkedid"] == call]) == 1


async def test_a_colleague_who_refuses_gives_the_caller_back(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    await floor.call("wang", call, "transfer", TO_LI)
    await li.rings()
    await li.refuses()
    await wang.rings()
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await citizen.hangs_up()


async def test_asking_a_colleague_first_then_all_three_then_the_colleague_alone(floor: Floor) -> None:
    wang, li = floor.phones["wang"], floor.phones["li"]
    citizen, call = await floor.talk()
    await asyncio.to_thread(_rests_long, floor, "wang")
    await floor.call("wang", call, "transfer", TO_LI | {"talk_first": True})
    await li.rings()
    await floor.call("wang", call, "conference", expected=409)
    await li.answers()
    await soon({"citizen": set(), "wang": {"li"}, "li": {"wang"}}, citizen=citizen, wang=wang, li=li)
    await floor.call("wang", call, "conference")
    await soon(everybody("citizen", "wang", "li"), citizen=citizen, wang=wang, li=li)
    await floor.call("wang", call, "complete")
    await wang.is_free()
    await until(lambda: floor.is_doing("wang", "after_call_work"), "work after an attended transfer")
    await floor.ask("li", "POST", "/api/agents/wang/ready", expected=403)
    assert (await floor.ask("wang", "POST", "/api/agents/wang/ready"))["state"] == "available", "ended early"
    await soon(everybody("citizen", "li"), citizen=citizen, li=li)
    await citizen.hangs_up()
    await li.is_free()
    await asyncio.to_thread(_rests_long, floor, "wang", None)


def _rests_long(floor: Floor, login: str, seconds: int | None = 60) -> None:
    """After each call, whatever the queue says; None: as the queue says."""
    database = Database(floor.hotline.settings.database_url)
    people.edit(database, BY, login, {"wrapup_seconds": seconds})
    database.close()
    ask(floor.hotline.plan.home, "agent.changed", BY, login=login)


async def test_a_department_is_shown_the_hotlines_number_and_joins_when_it_answers(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    await floor.call("wang", call, "conference", {"to": OUT})
    await floor.outside.rings()
    assert floor.outside.shown == "12345"
    await floor.outside.answers()
    await soon(everybody("citizen", "wang", "outside"), citizen=citizen, wang=wang, outside=floor.outside)
    await wang.hangs_up()
    await soon(everybody("citizen", "outside"), citizen=citizen, outside=floor.outside)
    await citizen.hangs_up()


async def test_a_department_that_refuses_gives_the_caller_back_and_an_agent_who_leaves_puts_the_caller_in_front(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    await floor.call("wang", call, "transfer", {"to": OUT, "talk_first": True})
    await floor.outside.rings()
    await floor.outside.refuses()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await floor.call("wang", call, "hold")
    await wang.hangs_up()
    await wang.rings()  # the front of the queue, and nobody else is there
    await wang.answers()
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    await citizen.hangs_up()


async def desks(floor: Floor) -> list[tuple[str, str, list[str]]]:
    """Who is at which phone, in which queues; what they do goes on meanwhile."""
    items = (await floor.hotline.get("/api/agents")).json()["items"]
    return sorted((item["login"], item["phone"], item["queues"]) for item in items)


async def test_what_may_not_be_done_changes_nothing_and_is_in_the_audit(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, call = await floor.talk()
    for who, deed, body, status in (
        ("li", "hold", {}, 403),  # not their call
        ("stranger", "hold", {}, 403),  # not their role
        ("wang", "transfer", {"to": {"kind": "outside", "name": "008612345678"}}, 403),
        ("wang", "transfer", {"to": {"kind": "queue", "name": "nowhere"}}, 404),
        ("wang", "transfer", {"to": {"kind": "agent", "name": "zhang"}}, 409),
        ("wang", "transfer", {"to": {"kind": "phone", "name": "sip:x@y"}}, 404),
        ("wang", "conference", {"to": {"kind": "queue", "name": "general"}}, 422),
        ("wang", "resume", {}, 409),
        ("wang", "complete", {}, 409),
        ("wang", "supervision", {"mode": "listen"}, 403),
    ):
        await floor.call(who, call, deed, body, expected=status)
    await floor.call("wang", "hotline12345-1.1", "hold", expected=404)
    await floor.call("wang", "PJSIP%20trunk", "hold", expected=422)
    before = await desks(floor)
    for login, deed, body, status in (
        ("nobody", "login", {"phone": "boss"}, 404),  # an unknown agent
        ("li", "login", {"phone": "wang"}, 409),  # two at one phone
        ("wang", "login", {"phone": "boss"}, 409),  # one at two phones
        ("li", "login", {"phone": "no-phone"}, 404),
        ("li", "pause", {"reason": "golf"}, 422),
        ("nobody", "ready", {}, 409),
    ):
        await floor.ask("boss", "POST", f"/api/agents/{login}/{deed}", body, expected=status)
        newest = floor.audit()[0]
        assert (newest.action, newest.target, newest.outcome) == (f"agent.{deed}", login, "refused")
    assert await desks(floor) == before
    await soon(everybody("citizen", "wang"), citizen=citizen, wang=wang)
    refused = [line for line in floor.audit() if line.target == call and line.outcome == "refused"]
    assert {"not your call" in line.reason or "list of transfers" in line.reason for line in refused} >= {True}
    assert len(refused) >= 8
    await citizen.hangs_up()


async def test_a_queue_in_which_nobody_is_logged_in_gets_no_caller(floor: Floor) -> None:
    citizen, call = await floor.talk()
    await floor.ask("boss", "POST", "/api/agents/li/logout", {})

    async def nobody() -> bool:
        queues = (await floor.hotline.get("/api/queues")).json()["items"]
        return [queue["logged_in"] for queue in queues if queue["name"] == "general"] == [0]

    await until(nobody, "nobody is logged in")
    for body in ({}, {"talk_first": True}):
        await floor.call("wang", call, "transfer", {"to": {"kind": "queue", "name": "general"}} | body, expected=409)
        newest = floor.audit()[0]
        assert (newest.action, newest.target, newest.outcome) == ("call.transfer", call, "refused") and "nobody is logged in" in newest.reason
    await floor.ask("boss", "POST", "/api/agents/li/login", {"phone": "li"})
    assert await floor.is_doing("wang", "talking")
    await citizen.hangs_up()


async def test_a_call_out_from_a_ticket_shows_the_hotlines_number(floor: Floor) -> None:
    wang = floor.phones["wang"]
    citizen, _ = await floor.talk()
    await wang.hangs_up()
    await citizen.hangs_up()
    ticket = await until(lambda: ticket_of(floor.hotline, citizen.number), "a ticket")
    home = floor.network.centre(citizen.number)

    async def begun() -> Any:
        """Asterisk may still be taking the phone's leg of the talk down: 409 until it has."""
        answer = await floor.http.post(f"/api/tickets/{ticket['number']}/call", json={}, headers={"Authorization": f"Bearer {floor.tokens['wang']}"})
        assert answer.is_success or answer.status_code == 409, answer.text
        return answer.json() if answer.is_success else None

    told = await until(begun, "a call out")
    await wang.rings()
    assert wang.shown == "12345"
    await wang.answers()
    await home.rings()
    assert home.shown == "12345"
    await home.answers()
    await soon(everybody("home", "wang"), home=home, wang=wang)
    await floor.call("wang", told["linkedid"], "hold")
    await soon({"home": set(), "wang": set()}, home=home, wang=wang)
    await floor.call("wang", told["linkedid"], "resume")
    await soon(everybody("home", "wang"), home=home, wang=wang)
    await home.hangs_up()
    await wang.is_free()

    async def noted() -> bool:
        history = (await floor.hotline.get(f"/api/tickets/{ticket['number']}")).json()["history"]
        return "called_out" in [line["event"] for line in history]

    await until(noted, "the ticket knows of the call")
    await floor.ask("wang", "POST", f"/api/tickets/{ticket['number']}/call", {"outside": "nobody"}, expected=403)
    await floor.ask("wang", "POST", "/api/tickets/20000101-000001/call", {}, expected=404)


async def test_the_outside_number_itself_is_on_the_list(floor: Floor) -> None:
    citizen, call = await floor.talk()
    await floor.call("wang", call, "transfer", {"to": {"kind": "outside", "name": OUTSIDE}})
    await floor.outside.rings()
    assert floor.outside.shown == citizen.number
    await floor.outside.answers()
    await soon(everybody("citizen", "outside"), citizen=citizen, outside=floor.outside)
    await floor.outside.hangs_up()
    await citizen.hangs_up()
