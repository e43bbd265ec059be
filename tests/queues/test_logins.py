"""Log in, out, pause, ready over a loopback Asterisk: what app_queue is told, what is refused and audited, what survives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agi.errors import NotTheDialplan
from queues import audit, keeper, people
from queues.actor import AGENT, INTEGRATION, Actor, Refused
from queues.ami import AmiLink
from queues.floor import Floor
from queues.keeper import Keeper
from queues.logins import Logins
from queues.storage import Rows
from tests.queues.desk_house import BOSS, CITY, LI, PHONES, ROOT, SECRET, WANG, House, Queues, house_of
from tests.queues.desk_house import cheap as cheap  # noqa: PLC0414 - a fixture here, too
from tests.queues.desk_house import house as house  # noqa: PLC0414 - a fixture here, too
from tests.queues.desk_house import rows as rows  # noqa: PLC0414 - a fixture here, too
from tests.queues.floors import Taker
from tests.queues.peer import Peer
from tickets.database import Database


async def test_a_login_makes_the_memberships_and_a_logout_ends_them(house: House) -> None:
    shown = await house.do("login", LI, login="li", phone="1001")
    assert (shown["state"], shown["phone"], shown["queues"]) == ("available", "1001", ["complaints", "general"])
    assert {section for section, _ in house.queues.members} >= {"hotline-complaints", "hotline-general"}
    assert {member["MemberName"] for member in house.queues.members.values()} == {"li/1024"}
    assert (await house.do("login", LI, login="li", phone="1001"))["phone"] == "1001", "asked twice is harmless"
    assert house.queues.at == {"1024": "1001"}, "for whoever dials the work number"
    assert (await house.do("logout", LI, login="li"))["state"] == "logged_out"
    assert house.queues.at == {"1024": ""}
    assert house.queues.members == {} and people.find(house.database, "li").left_at is not None
    assert [line["state"] for line in house.said] == ["available", "logged_out"]
    assert [line.outcome for line in audit.lines(house.database) if line.action.startswith("agent.log")] == ["done"] * 3


async def test_a_dialplan_that_was_read_again_is_told_who_sits_where(house: House) -> None:
    """Its global variables are gone, and no event says so."""
    await house.do("login", LI, login="li", phone="1001")
    house.queues.at.clear()
    house.queues.reads_globals = False
    await house.until(lambda: house.queues.at == {"1024": "1001"})


async def test_bad_input_is_refused_audited_and_changes_nothing(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    for status, what, by, fields in (
        (404, "login", BOSS, {"login": "nobody", "phone": "1002"}),
        (404, "login", WANG, {"login": "wang", "phone": "9999"}),
        (409, "login", WANG, {"login": "wang", "phone": "1001"}),
        (409, "login", LI, {"login": "li", "phone": "1002"}),
        (409, "login", WANG, {"login": "wang", "phone": "fixed"}),
        (403, "login", LI, {"login": "wang", "phone": "1002"}),
        (403, "login", Actor(INTEGRATION, token="T9"), {"login": "wang", "phone": "1002"}),
        (403, "pause", WANG, {"login": "li", "reason": "meal"}),
        (422, "pause", LI, {"login": "li", "reason": "golf"}),
        (409, "pause", WANG, {"login": "wang", "reason": "meal"}),
        (409, "logout", BOSS, {"login": "wang"}),
        (409, "ready", BOSS, {"login": "wang"}),
        (403, "unlock", LI, {"login": "li"}),
        (403, "login_at_phone", Actor(AGENT, name="1002"), {"work_number": "1025", "pin": "0000", "phone": "1002"}),
        (422, "login", BOSS, {"login": "wang"}),
    ):
        assert (await house.refused(what, by, **fields)).status == status, (what, fields)
    people.edit(house.database, ROOT, "wang", {"active": False})
    assert (await house.refused("login", BOSS, login="wang", phone="1002")).status == 403


async def test_two_who_log_in_at_one_phone_at_the_same_moment_are_one(house: House) -> None:
    asked = [house.do("login", BOSS, login=login, phone="1001") for login in ("li", "wang")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "dict"]
    [there] = house.keeper.by_phone.values()
    assert {member["MemberName"].partition("/")[0] for member in house.queues.members.values()} == {there.login}


async def test_when_asterisk_does_not_answer_nobody_is_half_logged_in(house: House) -> None:
    house.queues.away = True
    with pytest.raises(Refused) as no:
        await house.do("login", LI, login="li", phone="1001")
    assert no.value.status >= 500 and house.keeper.people == {}
    house.queues.away = False
    await house.do("login", LI, login="li", phone="1001")


async def test_changed_skills_change_the_memberships_of_whoever_is_there(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    people.edit(house.database, ROOT, "li", {"name": "李小明", "wrapup_seconds": 77})
    await house.do("changed", BOSS, login="li")
    assert (house.keeper.people["li"].name, house.keeper.people["li"].wrapup_seconds) == ("李小明", 77)


async def test_a_restart_of_ours_or_of_asterisk_finds_everybody_where_they_were(rows: Database, tmp_path: Path) -> None:
    async with Peer() as peer:
        queues = Queues(peer)
        async with house_of(queues, rows, tmp_path) as house:
            for login, phone in (("li", "1001"), ("wang", "1002")):
                await house.do("login", BOSS, login=login, phone=phone)
            await house.do("pause", LI, login="li", reason="meal")
            since = house.keeper.people["li"].since
        queues.pauses("PJSIP/1002", True, "rest")  # dialled while we were away
        queues.peer.asked.clear()
        async with house_of(queues, rows, tmp_path) as house:
            await house.until(lambda: len(house.keeper.people) == 2 and not house.keeper._returned)
            states = {login: (one.state, one.why) for login, one in house.keeper.people.items()}
            assert states == {"li": ("paused", "meal"), "wang": ("paused", "rest")}
            assert house.keeper.people["li"].since == since and house.keeper.people["li"].until is not None
            assert queues.peer.count("QueuePause") == queues.peer.count("QueueAdd") == 0, "all was so already"
            queues.members.clear()  # Asterisk has lost its own database
            peer.drop()
            await house.until(lambda: queues.state("1001") == {("1", "meal")} and queues.state("1002") == {("1", "rest")})


async def test_feature_codes_say_what_came_of_them(house: House) -> None:
    async def code(asked: list[str]) -> str:
        return await house.codes([SECRET, *asked])

    with capture_logs() as logged:
        for guessed in ("guessed", "", "秘密"):
            with pytest.raises(NotTheDialplan):
                await house.codes([guessed, "login", "1001", "1024", "4711"])
    assert len(logged) == 1
    assert house.keeper.people == {}
    assert await code(["logout", "1001", "", ""]) == "not-logged-in"
    assert await code(["login", "1001", "1024", "0000"]) == "wrong-pin"
    assert await code(["login", "1001", "1024", "4711"]) == "logged-in"
    assert await code(["login", "1001", "1025", "4711"]) == "phone-taken"
    assert await code(["login", "1002", "1024", "4711"]) == "elsewhere"
    assert await code(["pause", "1001", "2", ""]) == "paused" and house.keeper.people["li"].on_break == "meal"
    assert await code(["pause", "1001", "7", ""]) == "refused"
    assert await code(["ready", "1001", "", ""]) == "ready"
    assert await code(["dance", "1001", "", ""]) == "refused" and await code(["logout", "", "", ""]) == "refused"
    assert await code(["logout", "1001", "", ""]) == "logged-out"
    for _ in range(people.WRONG_PINS):
        said = await code(["login", "1001", "1024", "0000"])
    assert said == "locked" and await code(["login", "1001", "1024", "4711"]) == "locked"
    await house.do("unlock", BOSS, login="li")
    assert await code(["login", "1001", "1024", "4711"]) == "logged-in"
    house.queues.away = True
    assert await code(["pause", "1001", "2", ""]) == "", "Asterisk does it by itself then"
    assert "4711" not in str([(line.actor, line.target, line.reason) for line in audit.lines(house.database, 100)])


async def test_before_the_shifts_are_read_nobody_is_said_to_be_logged_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "KNOWN_SECONDS", 0.05)

    async def away() -> Database:
        raise ConnectionError("the database is away")

    kept = Keeper(AmiLink("127.0.0.1", 1, "hotline", "secret"), Floor(AmiLink("127.0.0.1", 1, "", ""), tmp_path, tmp_path / "log", Taker()), Rows(away), lambda: CITY, lambda *_: None)
    await kept.start()
    with pytest.raises(Refused) as no:
        await Logins(kept, Rows(away), lambda: CITY, lambda: PHONES).ready(LI, login="li")
    assert no.value.status == 503
    await kept.close()


async def test_until_asterisk_was_asked_nobody_is_told_to_be_free(rows: Database, tmp_path: Path) -> None:
    """The dialplan may have paused somebody while we were away; an event that comes first must not end that."""
    async with Peer() as peer:
        queues = Queues(peer)
        async with house_of(queues, rows, tmp_path) as house:
            await house.do("login", LI, login="li", phone="1001")
        queues.pauses("PJSIP/1001", True, "rest")
        async with house_of(queues, rows, tmp_path) as house:
            await house.until(lambda: house.keeper.people and not house.keeper._returned)
            li, to_do = house.keeper.people["li"], house.keeper._out_of_step
            for returned, told in ((True, False), (False, True)):  # nothing is awaited in between
                to_do.drop("li")
                (house.keeper._returned.add if returned else house.keeper._returned.discard)("li")
                house.keeper.look(li)
                assert ("li" in to_do._items) is told
