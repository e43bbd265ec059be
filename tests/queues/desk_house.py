"""A floor with people on it, over a loopback Asterisk that knows what is needed of app_queue: for tests of log-in and states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hotline import menus
from hotline.serve.codes import Codes
from hotline.settings import Settings
from ivr.loading import load
from queues import audit, keeper, people, pins
from queues.actor import ADMINISTRATOR, AGENT, SUPERVISOR, Actor, Refused
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.floor import Floor
from queues.keeper import Keeper
from queues.logins import Logins, PhoneFacts
from queues.storage import Rows
from tests.queues.conftest import QUICK
from tests.queues.floors import Taker
from tests.queues.peer import Peer
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
        self.at: dict[str, str] = {}
        self.reads_globals = True
        self.away = False
        peer.on_action = self.hears

    async def hears(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if action["Action"] == "Getvar":
            self.peer.answers["Getvar"] = b"Response: Success\r\nValue: " + (b"1" if self.reads_globals else b"") + b"\r\n\r\n"
            return
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
            case "Setvar" if action["Variable"].startswith("HOTLINE_SEAT_"):
                self.at[action["Variable"].rpartition("_")[2]] = action["Value"]
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
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - a state of another task, which nobody announces here
                await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", 4)
    monkeypatch.setattr(keeper, "TRY_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(keeper, "HERE_SECONDS", 0.3)


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
