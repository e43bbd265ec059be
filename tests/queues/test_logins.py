"""Log in, out, pause, ready over a loopback Asterisk: what app_queue is told, what is refused and audited, what survives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from agi.errors import NotTheDialplan
from hotline import menus
from hotline.serve.codes import Codes
from hotline.settings import Settings
from ivr.loading import load
from queues import audit, keeper, people, phone_events, pins
from queues.actor import ADMINISTRATOR, AGENT, INTEGRATION, SUPERVISOR, Actor, Refused
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.floor import Floor
from queues.keeper import Keeper
from queues.logins import Logins, PhoneFacts
from queues.phone_events import PhoneEvents
from queues.storage import Rows
from tests.queues.conftest import QUICK
from tests.queues.peer import Peer
from tests.queues.test_floor import Taker
from tickets.database import Database

ROOT, BOSS = Actor(ADMINISTRATOR, name="root"), Actor(SUPERVISOR, token="T2")
LI, WANG = Actor(AGENT, token="T1", agent="li"), Actor(AGENT, token="T3", agent="wang")
CITY = load(menus.texts(Settings.load({}).city))
SECRET = "only-the-dialplan-knows"
PHONES = {name: PhoneFacts(name) for name in ("1001", "1002")} | {"fixed": PhoneFacts("fixed", ("general",))}


class Queues:
    """The little of app_queue that is needed: members who are paused or not, and an event for each change."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.members: dict[tuple[str, str], dict[str, str]] = {}
        self.away = False
        peer.on_action = self.hears

    async def hears(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        self.peer.answers = {"QueueStatus": self._status(action), "QueueAdd": b"Response: Success\r\n\r\n"}
        if self.away and action["Action"].startswith("Queue"):
            self.peer.answers[action["Action"]] = None
            return
        match action["Action"]:
            case "QueueAdd":
                key = action["Queue"], action["Interface"]
                if key in self.members:
                    self.peer.answers["QueueAdd"] = b"Response: Error\r\nMessage: Unable to add interface: Already there\r\n\r\n"
                    return
                self.members[key] = {"Paused": "1" if action["Paused"] == "true" else "0", "Penalty": action["Penalty"], "MemberName": action["MemberName"], "PausedReason": ""}
                self.tell("QueueMemberAdded", key)
            case "QueueRemove":
                if self.members.pop((action["Queue"], action["Interface"]), None):
                    self.peer.writer.write(f"Event: QueueMemberRemoved\r\nQueue: {action['Queue']}\r\nInterface: {action['Interface']}\r\n\r\n".encode())  # type: ignore[union-attr]
            case "QueuePause":
                self.pauses(action["Interface"], action["Paused"] == "true", action.get("Reason", ""))

    def pauses(self, interface: str, paused: bool, reason: str) -> None:
        """By whomever: us, or the dialplan."""
        for key, member in self.members.items():
            if key[1] == interface:
                member |= {"Paused": "1" if paused else "0", "PausedReason": reason if paused else ""}
                self.tell("QueueMemberPause", key)

    def tell(self, event: str, key: tuple[str, str], status: str = "1") -> None:
        assert self.peer.writer is not None
        self.peer.writer.write(self._event(event, key, status))

    def says(self, event: str, **fields: str) -> None:
        assert self.peer.writer is not None
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.peer.writer.write(f"Event: {event}\r\n{lines}\r\n".encode())

    def state(self, phone: str) -> set[tuple[str, str]]:
        return {(member["Paused"], member["PausedReason"]) for (_, interface), member in self.members.items() if interface == f"PJSIP/{phone}"}

    def _event(self, event: str, key: tuple[str, str], status: str = "1", extra: str = "") -> bytes:
        fields = {"Queue": key[0], "Interface": key[1], "Status": status, **self.members[key]}
        return f"Event: {event}\r\n{extra}{''.join(f'{name}: {value}{chr(13)}{chr(10)}' for name, value in fields.items())}\r\n".encode()

    def _status(self, action: dict[str, str]) -> bytes:
        number = f"ActionID: {action['ActionID']}\r\n"
        members = b"".join(self._event("QueueMember", key, extra=number) for key in self.members)
        end = f"Event: QueueStatusComplete\r\n{number}EventList: Complete\r\n\r\n"
        return b"Response: Success\r\nEventList: start\r\n\r\n" + members + end.encode()


class House:
    """A floor with people on it."""

    def __init__(self, queues: Queues, desk: Desk, kept: Keeper, database: Database, said: list[dict[str, Any]]) -> None:
        self.queues, self.desk, self.keeper, self.database, self.said = queues, desk, kept, database, said
        self.codes = Codes(desk, lambda: CITY, SECRET)

    async def do(self, what: str, by: Actor = BOSS, **fields: Any) -> dict[str, Any]:
        return await self.desk.do(f"agent.{what}", by, **fields)

    async def refused(self, what: str, by: Actor = BOSS, **fields: Any) -> Refused:
        """Nothing is changed by it, and the audit has it."""
        before = (dict(self.queues.members), {login: standing.state for login, standing in self.keeper.people.items()})
        with pytest.raises(Refused) as no:
            await self.do(what, by, **fields)
        assert (dict(self.queues.members), {login: standing.state for login, standing in self.keeper.people.items()}) == before
        last = audit.lines(self.database, 1)[0]
        assert (last.action, last.outcome, last.reason) == (f"agent.{what}", "refused", no.value.detail)
        return no.value

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110 - a state of another task, which nobody announces here
                await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", 4)
    monkeypatch.setattr(keeper, "TRY_AGAIN_SECONDS", 0.02)


@pytest.fixture
def rows(queues_sqlite: Path, tmp_path: Path) -> Database:
    path = tmp_path / "hotline.sqlite3"
    path.write_bytes(queues_sqlite.read_bytes())
    database = Database(f"sqlite:///{path}")
    for login, number in (("li", "1024"), ("wang", "1025")):
        people.add(database, ROOT, login, {"name": login, "work_number": number}, "4711")
    return database


@asynccontextmanager
async def house_of(queues: Queues, database: Database, home: Path) -> AsyncIterator[House]:
    async def opened() -> Database:
        return database

    kept_rows, said = Rows(opened), []

    async def written(line: Line) -> None:
        await kept_rows.do(audit.write, line)

    async with AmiLink("127.0.0.1", queues.peer.port, "hotline", "secret", limits=QUICK) as link:
        await link.wait_connected(5)
        floor = Floor(link, home, home / "queue_log", Taker())
        await floor.start()
        kept = Keeper(link, floor, kept_rows, lambda: CITY, lambda kind, data: said.append(dict(data)))
        desk = Desk(written)
        Logins(kept, kept_rows, lambda: CITY, lambda: PHONES).put_on(desk)
        await kept.start()
        yield House(queues, desk, kept, database, said)
        await kept.close()
        await floor.close()


@pytest.fixture
async def house(rows: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with Peer() as peer, house_of(Queues(peer), rows, tmp_path) as made:
        yield made


async def test_a_login_makes_the_memberships_and_a_logout_ends_them(house: House) -> None:
    shown = await house.do("login", LI, login="li", phone="1001")
    assert (shown["state"], shown["phone"], shown["queues"]) == ("available", "1001", ["complaints", "general"])
    assert {section for section, _ in house.queues.members} >= {"hotline-complaints", "hotline-general"}
    assert {member["MemberName"] for member in house.queues.members.values()} == {"li/1024"}
    assert (await house.do("login", LI, login="li", phone="1001"))["phone"] == "1001", "asked twice is harmless"
    assert (await house.do("logout", LI, login="li"))["state"] == "logged_out"
    assert house.queues.members == {} and people.find(house.database, "li").left_at is not None
    assert [line["state"] for line in house.said] == ["available", "logged_out"]
    assert [line.outcome for line in audit.lines(house.database) if line.action.startswith("agent.log")] == ["done"] * 3


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


async def test_a_call_from_ring_to_rest_to_free(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PhoneEvents, "rest_seconds", lambda self, standing: 0.2)
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    leg = {"Channel": "PJSIP/1001-00000001", "Uniqueid": "1.2", "Linkedid": "1.1"}
    house.queues.says("Newchannel", **leg, ChannelState="0")
    house.queues.says("AgentCalled", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1")
    house.queues.tell("QueueMemberStatus", ("hotline-general", "PJSIP/1001"), "3")  # busy, says PJSIP of a phone that rings
    house.queues.says("Newstate", **leg, ChannelState="5")
    await house.until(lambda: li.state == "ringing")
    house.queues.says("AgentConnect", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1")
    house.queues.says("BridgeEnter", **leg)
    house.queues.says("Hold", **leg)
    await house.until(lambda: li.state == "on_hold")
    house.queues.says("Unhold", **leg)
    await house.until(lambda: li.state == "talking" and house.queues.state("1001") == {("1", "in_call")})
    house.queues.says("Hangup", **leg)
    await house.until(lambda: li.state == "after_call_work" and house.queues.state("1001") == {("1", "after_call_work")})
    await house.until(lambda: li.state == "available" and house.queues.state("1001") == {("0", "")})
    assert [line["state"] for line in house.said] == ["available", "ringing", "talking", "on_hold", "talking", "after_call_work", "available"]


async def test_what_the_dialplan_has_told_app_queue_is_not_told_again(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    house.queues.pauses("PJSIP/1001", True, "in_call")
    house.queues.says("Newchannel", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    house.queues.says("BridgeEnter", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    await house.until(lambda: house.keeper.people["li"].state == "talking")
    assert house.queues.peer.count("QueuePause") == 0


async def test_missed_calls_sit_out_and_too_many_pause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_events, "SIT_OUT_SECONDS", 0.1)
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for n in range(CITY.queues["general"].missed_calls):
        await house.until(lambda: li.state == "available")
        house.queues.says("AgentRingNoAnswer", Interface="PJSIP/1001", Queue="hotline-general", Linkedid="1.1", RingTime="15000")
        await house.until(lambda: li.missed == n + 1)  # noqa: B023 - waited for here
    await house.until(lambda: house.queues.state("1001") == {("1", "missed_calls")})
    assert (await house.do("ready", LI, login="li"))["state"] == "available" and house.queues.state("1001") == {("0", "")}


async def test_a_phone_that_is_gone_is_seen_before_it_has_stopped_to_ring(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    house.queues.says("Newchannel", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    house.queues.says("Newstate", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1", ChannelState="5")
    await house.until(lambda: li.state == "ringing")
    house.queues.says("ContactStatus", AOR="1001", ContactStatus="Unreachable")
    await house.until(lambda: (li.state, li.why) == ("unavailable", "phone"))
    house.queues.says("ContactStatus", AOR="1001", ContactStatus="Reachable")
    house.queues.says("Hangup", Channel="PJSIP/1001-1", Uniqueid="1.2", Linkedid="1.1")
    await house.until(lambda: li.state == "available")


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


def leg(number: int) -> dict[str, str]:
    return {"Channel": f"PJSIP/1001-{number:08x}", "Uniqueid": f"1.{number}", "Linkedid": "1.1"}


CONNECT = ("AgentConnect", {"Interface": "PJSIP/1001", "Queue": "hotline-general", "Linkedid": "1.1"})
CALLS: dict[str, tuple[list[tuple[str, dict[str, str]]], bool]] = {
    "caller or agent hangs up, or a blind transfer": (
        [("Newchannel", leg(2)), CONNECT, ("BridgeEnter", leg(2)), ("Hangup", leg(2))], True,
    ),
    "attended transfer: two legs, the second outlives the first": (
        [("Newchannel", leg(2)), CONNECT, ("BridgeEnter", leg(2)), ("Newchannel", leg(3)), ("BridgeEnter", leg(3)), ("Hangup", leg(2)), ("Hangup", leg(3))], True,
    ),
    "a call of their own, or a call-back": (
        [("Newchannel", leg(2) | {"ChannelState": "4"}), ("Newstate", leg(2) | {"ChannelState": "6"}), ("BridgeEnter", leg(2)), ("Hangup", leg(2))], True,
    ),
    "a call that nobody answered": ([("Newchannel", leg(2)), ("Newstate", leg(2) | {"ChannelState": "5"}), ("Hangup", leg(2))], False),
    "a feature code": ([("Newchannel", leg(2) | {"ChannelState": "4"}), ("Newstate", leg(2) | {"ChannelState": "6"}), ("Hangup", leg(2))], False),
}  # fmt: skip


@pytest.mark.parametrize("kind", CALLS)
async def test_after_call_work_comes_after_every_conversation_and_nothing_else(house: House, kind: str) -> None:
    events, rests = CALLS[kind]
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for name, fields in events:
        house.queues.says(name, **fields)
    house.queues.says("UserEvent", UserEvent="HotlineLeg", Phone="1001", State="on_hold")
    await house.until(lambda: li.held)
    assert li.state == ("after_call_work" if rests else "available")
    if rests:
        assert li.until is not None and li.until - li.since == pytest.approx(10, abs=0.1)
        await house.until(lambda: house.queues.state("1001") == {("1", "after_call_work")})
        assert (await house.do("ready", LI, login="li"))["state"] == "available"
    await house.until(lambda: house.queues.state("1001") == {("0", "")})


async def test_while_the_second_leg_of_a_consultation_talks_nobody_rests(house: House) -> None:
    await house.do("login", LI, login="li", phone="1001")
    li = house.keeper.people["li"]
    for name, fields in (("Newchannel", leg(2)), CONNECT, ("Newchannel", leg(3)), ("BridgeEnter", leg(3)), ("Hangup", leg(2))):
        house.queues.says(name, **fields)
    await house.until(lambda: set(li.legs) == {"1.3"})
    assert li.state == "talking"


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
