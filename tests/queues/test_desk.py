"""The desk: what is asked over the local socket is done, refused or answered with a clear no; and all of it is audited."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from queues import desk as desks
from queues.actor import AGENT, LEADERS, SUPERVISOR, THE_FLOOR, Actor, NotRunning, Refused, only_themselves
from queues.audit import Line
from queues.desk import Desk, ask, where
from queues.errors import ActionRefused, NotConnected, ResultUnknown

LI = Actor(AGENT, token="T1", agent="li")
BOSS = Actor(SUPERVISOR, token="T2")


class Diary:
    """What the audit was told; may be away."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, str]] = []
        self.away = False

    async def __call__(self, line: Line) -> None:
        if self.away:
            raise ConnectionError("the database is away")
        self.lines.append((str(line.by), line.action, line.target, line.outcome))


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
async def desk(tmp_path: Path, diary: Diary) -> AsyncIterator[Desk]:
    """Deep below, where a socket's plain path would be too long for the kernel."""
    home = tmp_path / ("deep" * 20) / ("deeper" * 10)
    made = Desk(diary)

    async def greet(by: Actor, login: str) -> dict[str, Any]:
        return {"hello": login, "from": by.agent}

    made.add("greet", greet, target="login")
    made.add("lead", greet, roles=LEADERS, target="login")
    made.add("look", greet, changes=False)
    await made.open(home)
    made.home = home  # type: ignore[attr-defined]
    yield made
    await made.close()


async def asked(desk: Desk, what: str, by: Actor, **fields: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, desk.home, what, by, **fields)  # type: ignore[attr-defined]


async def refusal(desk: Desk, what: str, by: Actor, **fields: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as no:
        await asked(desk, what, by, **fields)
    return no.value.status, no.value.detail


async def test_what_is_asked_is_done_by_whom_it_was_asked_and_audited(desk: Desk, diary: Diary) -> None:
    assert await asked(desk, "greet", LI, login="李") == {"hello": "李", "from": "li"}
    assert await asked(desk, "look", LI, login="li") == {"hello": "li", "from": "li"}
    assert diary.lines == [("agent li", "greet", "李", "done")], "looking leaves no line"


async def test_a_role_that_may_not_is_refused_and_audited(desk: Desk, diary: Diary) -> None:
    assert await refusal(desk, "lead", LI, login="wang") == (403, "the role agent may not do lead")
    assert diary.lines == [("agent li", "lead", "wang", "refused")]
    assert await asked(desk, "lead", BOSS, login="wang")


@pytest.mark.parametrize(("what", "fields", "status"), [("dance", {}, 404), ("greet", {}, 422), ("greet", {"login": "x", "to": 1}, 422), ("greet", {"login": "x" * 70_000}, 413)])
async def test_what_cannot_be_asked_is_told_so(desk: Desk, what: str, fields: dict[str, Any], status: int) -> None:
    assert (await refusal(desk, what, LI, **fields))[0] == status


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Refused(423, "Locked", "no"), 423), (ActionRefused("x"), 409), (NotConnected("x"), 503),
        (ResultUnknown("x"), 504), (TimeoutError(), 504), (ZeroDivisionError(), 500),
    ],
)  # fmt: skip
async def test_each_way_of_failing_has_its_answer(desk: Desk, diary: Diary, fault: Exception, status: int) -> None:
    async def fail(by: Actor) -> dict[str, Any]:
        raise fault

    desk.add("fail", fail)
    assert (await refusal(desk, "fail", LI))[0] == status
    assert diary.lines[-1][3] == ("refused" if status < 500 else "failed")


async def test_a_handler_that_takes_too_long_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def think(by: Actor) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(desks, "HANDLER_SECONDS", 0.05)
    desk.add("think", think)
    assert (await refusal(desk, "think", LI))[0] == 504


async def test_what_is_done_stays_done_when_the_audit_is_away(desk: Desk, diary: Diary) -> None:
    diary.away = True
    assert await asked(desk, "greet", LI, login="li")


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{}\n", b"[]\n", b"\xff\n", b'{"do": "greet", "by": {"role": "king"}, "fields": {}}\n', b'{"do":1,"by":[],"fields":{}}\n', b"[" * 60_000 + b"\n", b"x" * 70_000]
)
async def test_noise_is_refused_and_the_desk_goes_on(desk: Desk, line: bytes) -> None:
    reader, writer = await desks_socket(desk)
    writer.write(line)
    writer.write_eof()
    async with asyncio.timeout(30):
        answer = json.loads(await reader.readline())
    assert answer["refused"]["status"] == 400
    writer.close()
    assert await asked(desk, "look", LI, login="li")


async def desks_socket(desk: Desk) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    connection = socket.socket(socket.AF_UNIX)
    with desks._short(where(desk.home)) as name:  # type: ignore[attr-defined]
        connection.connect(name)
    return await asyncio.open_unix_connection(sock=connection)


async def test_strangers_of_this_machine_are_not_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks.os, "geteuid", lambda: 1234)
    monkeypatch.setattr(desks, "CREDENTIALS", Credentials(uid=4321))
    with pytest.raises(NotRunning):
        await asked(desk, "look", LI, login="li")


class Credentials:
    """What the kernel would say of a peer of another user."""

    size = desks.CREDENTIALS.size

    def __init__(self, uid: int) -> None:
        self._uid = uid

    def unpack(self, data: bytes) -> tuple[int, int, int]:
        return 1, self._uid, 0


async def test_the_socket_is_its_owners_alone(desk: Desk) -> None:
    path = where(desk.home)  # type: ignore[attr-defined]
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0


async def test_nobody_there_is_said_at_once(tmp_path: Path, desk: Desk) -> None:
    with pytest.raises(NotRunning) as no:
        ask(tmp_path, "look", LI, login="li")
    assert no.value.status == 503
    await desk.close()
    with pytest.raises(NotRunning):
        await asked(desk, "look", LI, login="li")


async def test_a_process_that_was_killed_leaves_a_socket_that_does_not_matter(desk: Desk, diary: Diary) -> None:
    again = Desk(diary)
    await again.open(desk.home)  # type: ignore[attr-defined]
    assert (await refusal(desk, "look", LI, login="li"))[0] == 404, "the new one answers, and has nothing on it"
    await again.close()


@pytest.mark.parametrize(
    ("by", "allowed"),
    [(LI, True), (Actor(AGENT, agent="wang"), False), (Actor(AGENT), False), (BOSS, True), (THE_FLOOR, True), (Actor("integration"), False)],
)
def test_agents_act_for_themselves_and_supervisors_for_all(by: Actor, allowed: bool) -> None:
    check: Callable[[], None] = lambda: only_themselves(by, "li")  # noqa: E731
    if allowed:
        check()
        return
    with pytest.raises(Refused) as no:
        check()
    assert no.value.status == 403


def test_the_audit_names_the_person_before_the_thing_in_their_hand() -> None:
    assert [str(by) for by in (LI, Actor(AGENT, name="1001"), BOSS, Actor("administrator", name="root"), THE_FLOOR)] == [
        "agent li", "phone 1001", "token T2", "administrator root", "floor",
    ]  # fmt: skip
