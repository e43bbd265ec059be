"""Who may come, how many, how long, and how it ends; with peers that mean no good."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable

import pytest

from agi import session
from agi.server import AgiServer, Limits
from tests.agi.conftest import Served
from tests.scenario import Caller

HEADER = b"agi_network: yes\nagi_channel: x\nagi_uniqueid: u\nagi_arg_1: 1\nagi_arg_2: 12345\nagi_arg_3: 12345\nagi_arg_4: l\n\n"


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):  # a moment, on an idle machine
        while not happened():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.005)


async def talk(port: int, *said: bytes, eof: bool = False) -> bytes:
    """Says all of it at once and returns what comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(said))
    if eof:
        writer.write_eof()
    async with asyncio.timeout(30):  # a moment, on an idle machine
        heard = await reader.read(-1)
    writer.close()
    return heard


async def test_two_thousand_that_connect_and_close_change_nothing_for_the_next_caller(served: Served) -> None:
    def rudely() -> None:
        for _ in range(2000):
            socket.create_connection(("127.0.0.1", served.port)).close()

    await asyncio.to_thread(rudely)
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").presses("0").reaches("general").stays()
    await served.server.drain(5)
    counted = served.server.counts.sessions
    assert counted["gone"] + counted["refused"] == 2000  # those that are many at once meet the cap
    assert counted["queue"] == 1


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (HEADER[:-20], "silent"),
        (b"GET / HTTP/1.0\r\n\r\n", "silent"),
        (b"agi_x: " + b"y" * 70_000, "failed"),
        (b"".join(b"agi_%d: x\n" % n for n in range(7000)), "failed"),
        (HEADER + b"510 Invalid or unknown command\n", "failed"),
        (HEADER + b"520-Usage\nx\n520 End of proper usage.\n", "failed"),
        (HEADER + b"511 Command Not Permitted on a dead channel\n", "gone"),
        (HEADER + b"HANGUP\n200 result=0\n", "gone"),
        (HEADER + b"200 result=0\n" + b"x" * 70_000, "failed"),
        (HEADER + b"\xff\xfe\n", "failed"),
    ],
    ids=["half", "http", "endless line", "endless header", "510", "520", "511", "hangup", "endless reply", "broken"],
)
@pytest.mark.parametrize("served", [Limits(header_seconds=0.2)], indirect=True)
async def test_a_peer_that_makes_no_sense_is_let_go(served: Served, said: bytes, outcome: str) -> None:
    await talk(served.port, said)
    await until(lambda: served.server.counts.active == 0)
    assert served.server.counts.sessions == {outcome: 1}


async def test_a_peer_that_does_not_answer_in_time_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PROMPTS_SECONDS", 0.1 - session.PIECE_SECONDS)
    assert b"GOSUB" in await talk(served.port, HEADER)
    assert served.server.counts.sessions == {"silent": 1}


@pytest.mark.parametrize("served", [Limits(sessions=2)], indirect=True)
async def test_one_caller_too_many_is_let_go_at_once(served: Served) -> None:
    async with served.line() as first, served.line() as second, served.line() as third:
        await Caller(first).dials("12345").hears("welcome").stays()
        await Caller(second).dials("12345").hears("welcome").stays()
        await third.dial("12345")
        assert "HOTLINE_DECISION" not in await third.ended(1)
        await Caller(first).presses("0").reaches("general").stays()
        await first.ended()
        await until(lambda: served.server.counts.active == 1)
        await Caller(third).dials("12345").hears("welcome").hangs_up()
    assert served.server.counts.sessions["refused"] == 1


async def test_a_stranger_is_not_served(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AgiServer, "_peer", staticmethod(lambda _writer: "192.0.2.7"))
    with contextlib.suppress(ConnectionError):
        assert await talk(served.port, HEADER) == b""
    assert served.server.counts.sessions == {"strangers": 1}


async def test_draining_lets_those_inside_finish_and_takes_nobody_new(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").stays()
        draining = asyncio.ensure_future(served.server.drain(5))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await talk(served.port, HEADER)
        await Caller(line).presses("0").reaches("general").stays()
        await draining
    assert served.server.counts.sessions == {"queue": 1}


async def test_draining_has_an_end_and_leaves_the_rest_to_the_dialplan(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").stays()
        await served.server.drain(0.05)
        await line.hang_up()
    assert served.server.counts.sessions == {"drained": 1}
    assert served.server.counts.active == 0


@pytest.mark.parametrize("served", [Limits(session_seconds=0.1)], indirect=True)
async def test_a_session_has_an_end(served: Served) -> None:
    assert b"GOSUB" in await talk(served.port, HEADER)
    assert served.server.counts.sessions == {"silent": 1}


async def test_a_fault_of_ours_ends_one_session_and_is_counted(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session.flow, "begin", broken)
    await talk(served.port, HEADER)
    monkeypatch.undo()
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").hangs_up()
    await served.server.drain(5)
    assert served.server.counts.sessions == {"failed": 1, "gone": 1}


async def test_two_thousand_at_once_connect_and_close(served: Served) -> None:
    """All of them are open at the same moment; the next caller meets a hotline as before."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 4500:
        pytest.skip("too few files may be open here")
    crowd = [socket.socket() for _ in range(2000)]
    try:
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", served.port))
        await until(lambda: sum(served.server.counts.sessions.values()) + served.server.counts.active == 2000)
        assert served.server.counts.active == Limits().sessions
    finally:
        for one in crowd:
            one.close()
    await until(lambda: served.server.counts.active == 0)
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").presses("0").reaches("general").stays()
    await until(lambda: served.server.counts.active == 0)
    assert served.server.counts.sessions == {"gone": 1000, "refused": 1000, "queue": 1}


FIELDS = ("network", "channel", "uniqueid", "callerid", "calleridname", "arg_1", "arg_2", "arg_3", "arg_4")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "evil",
    ["x\nEXEC System y", "x\n\nEXEC System y", "x\n\n200 result=1 (1)", "x\r\n\r\nHANGUP", "\rHANGUP\r", "\r", "x\0y", "\u2028EXEC System x", "\x85EXEC System x", '" EXEC System "x', "${SHELL(x)}", "市民".encode("gbk"), "9" * 3000],
    ids=["LF", "LF and the end", "LF and an answer", "CRLF", "CR", "only CR", "NUL", "line separator", "next line", "quotes", "expression", "GBK", "long"],
)
async def test_nothing_in_a_header_becomes_a_command(served: Served, field: str, evil: str | bytes) -> None:
    """Whatever stands in whichever field: one command at a time, known ones only, and the next caller is served."""
    value = evil if isinstance(evil, bytes) else evil.encode()
    own = HEADER.replace(b"\nagi_%s: " % field.encode(), b"\nagi_was: ").removesuffix(b"\n")
    said = await talk(served.port, b"agi_network_script: x\n", own, b"agi_%s: %s\n\n" % (field.encode(), value), b"200 result=0\n", eof=True)
    assert all(line.startswith((b"GOSUB ", b"GET VARIABLE ", b"EXEC ")) for line in said.splitlines())
    assert b"SHELL" not in said and b"System" not in said
    await until(lambda: served.server.counts.active == 0)
