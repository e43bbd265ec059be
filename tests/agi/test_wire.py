"""Bytes from anybody: read, refused with a reason, or given up in time; never believed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.errors import AgiError, ChannelGone, PeerSilent, PeerUnclear
from agi.reply import Reply, parse_reply
from agi.wire import LINE_BYTES, Wire, parse_header
from tests.agi.test_transcripts import Nowhere

HEADER = b"agi_network: yes\nagi_channel: PJSIP/trunk-1\n"


def wire(data: bytes, *, open_end: bool = False) -> Wire:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    reader.feed_data(data)
    if not open_end:
        reader.feed_eof()
    return Wire(reader, Nowhere())  # type: ignore[arg-type]


async def test_a_caller_name_in_gbk_stays_readable_and_breaks_nothing() -> None:
    header = await wire(HEADER + b"agi_calleridname: " + "市民".encode("gbk") + b" A\n\n").header(1)
    assert header["calleridname"].endswith(" A")
    assert header["channel"] == "PJSIP/trunk-1"


async def test_a_second_header_of_the_same_name_changes_nothing() -> None:
    header = await wire(HEADER + b"agi_channel: forged\n\n").header(1)
    assert header["channel"] == "PJSIP/trunk-1"


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"", ChannelGone, "closed"),
        (HEADER, ChannelGone, "closed"),
        (b"GET / HTTP/1.1\r\nHost: x\n\n", PeerUnclear, "not an AGI header: 'GET / HTTP/1.1"),
        (b"\n\n", PeerUnclear, "not an AGI header: ''"),
        (b"agi_channel: x\n\n", PeerUnclear, "no AGI header"),
        (HEADER + b"agi_x: " + b"a" * LINE_BYTES + b"\n\n", PeerUnclear, "a header without end"),
        (HEADER + b"".join(b"agi_%d: y\n" % n for n in range(7000)), PeerUnclear, "a header without end"),
    ],
    ids=["nothing", "half", "http", "empty", "no network line", "endless line", "endless lines"],
)
async def test_what_is_no_header_is_refused(data: bytes, error: type[AgiError], reason: str) -> None:
    with pytest.raises(error, match=reason.replace("(", r"\(")):
        await wire(data).header(1)


async def test_a_peer_that_says_nothing_more_is_given_up() -> None:
    with pytest.raises(PeerSilent, match="no whole header within 0.05 s"):
        await wire(HEADER, open_end=True).header(0.05)
    with pytest.raises(PeerSilent, match="no reply within 0.05 s"):
        await wire(b"100 result=0 Trying...\n", open_end=True).ask("NOOP", 0.05)


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"2000 result=1\n",
        b"200\x00 result=1\n",
        b"x" * (LINE_BYTES + 1) + b"\n",
        b"520-Usage\n" + b"more\n" * 500,
        b"\n",
    ],
)
async def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(PeerUnclear):
        await wire(data).ask("NOOP", 1)


async def test_a_hangup_before_an_answer_is_a_flag_and_not_the_answer() -> None:
    line = wire(b"HANGUP\n200 result=1 (x)\n")
    assert await line.ask("GET VARIABLE", 1) == Reply(200, "1", "x")
    assert line.hung_up


@given(st.text())
def test_any_line_is_a_reply_or_refused(line: str) -> None:
    try:
        reply = parse_reply(line)
    except PeerUnclear:
        return
    assert 0 <= reply.code <= 999


@given(st.text(st.characters(exclude_characters="\n\r")), st.integers(0, 999_999))
def test_a_value_comes_back_as_it_is(value: str, endpos: int) -> None:
    assert parse_reply(f"200 result=1 ({value})").text == value or " endpos=" in value
    assert parse_reply(f"200 result=-1 (hangup) endpos={endpos}") == Reply(200, "-1", "hangup", endpos)


@given(st.lists(st.text(st.characters(exclude_characters="\n"))))
def test_any_lines_are_a_header_or_refused(lines: list[str]) -> None:
    try:
        header = parse_header(lines)
    except PeerUnclear:
        return
    assert "network" in header or "request" in header


@given(st.binary(max_size=4000))
def test_any_bytes_end_in_a_header_or_an_agi_error(data: bytes) -> None:
    async def read() -> None:
        try:
            line = wire(data)
            await line.header(1)
            await line.ask("NOOP", 1)
        except AgiError:
            return

    asyncio.run(read())


async def test_a_reply_that_comes_too_late_answers_nothing() -> None:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    line = Wire(reader, Nowhere())  # type: ignore[arg-type]
    with pytest.raises(PeerSilent):
        await line.ask("GET VARIABLE a", 0.01)
    reader.feed_data(b"200 result=1 (a)\n200 result=1 (b)\n")
    for command in ("GET VARIABLE b", "GET VARIABLE c"):
        with pytest.raises(PeerSilent, match="still owed"):
            await line.ask(command, 1)


async def test_a_short_limit_counts_though_a_long_one_was_set_before() -> None:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    line = Wire(reader, Nowhere())  # type: ignore[arg-type]
    reader.feed_data(b"200 result=0\n")
    await line.ask("GOSUB", 300)
    async with asyncio.timeout(1):
        with pytest.raises(PeerSilent, match="no reply within 0.05 s"):
            await line.ask("NOOP", 0.05)


async def test_time_between_two_commands_is_nobodys_silence() -> None:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    line = Wire(reader, Nowhere())  # type: ignore[arg-type]
    reader.feed_data(b"200 result=0\n200 result=1\n")
    await line.ask("NOOP", 0.02)
    await asyncio.sleep(0.05)
    assert await line.ask("NOOP", 0.02) == Reply(200, "1")


async def test_a_limit_that_moved_on_is_not_struck_too_early() -> None:
    """The timer of the first command strikes while the second, which has longer, still waits."""
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    line = Wire(reader, Nowhere())  # type: ignore[arg-type]
    reader.feed_data(b"200 result=0\n")
    await line.ask("NOOP", 0.03)
    asyncio.get_running_loop().call_later(0.06, reader.feed_data, b"200 result=2\n")
    assert await line.ask("GOSUB", 5) == Reply(200, "2")


async def test_a_connection_that_is_over_leaves_no_timer() -> None:
    """Its session's data would be kept for as long as the longest prompt may play."""

    class Closing(Nowhere):
        def close(self) -> None:
            return

    line = Wire(asyncio.StreamReader(limit=LINE_BYTES), Closing())  # type: ignore[arg-type]
    waiting = asyncio.ensure_future(line.ask("GOSUB", 300))
    await asyncio.sleep(0)
    timer = line._timer
    line.close()
    assert timer is not None and timer.cancelled()
    waiting.cancel()


async def test_a_peer_that_says_a_byte_now_and_then_gets_no_longer_than_others() -> None:
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    line = Wire(reader, Nowhere())  # type: ignore[arg-type]

    async def drip() -> None:
        for byte in HEADER * 100:
            reader.feed_data(bytes((byte,)))
            await asyncio.sleep(0.005)

    dripping = asyncio.ensure_future(drip())
    with pytest.raises(PeerSilent):
        await line.header(0.05)
    dripping.cancel()


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"200 result=1 (hangup)\n", Reply(200, "1", "hangup")),
        (b"200 result=1 (HANGUP\x00)\n", Reply(200, "1", "HANGUP\0")),
        (b"200 result=1 (\xca\xd0\xc3\xf1)\n", Reply(200, "1", "����")),
        (b"200 result=1 (a\rb)\r\n", Reply(200, "1", "a\rb")),
        (b"200 result=1 (a) (b)\n", Reply(200, "1", "a) (b")),
        (b"200 result=-1 (hangup) endpos=100000\n", Reply(200, "-1", "hangup", 100000)),
        (b"200 result=-1 endpos=0\n", Reply(200, "-1", "", 0)),
        (b"100 result=0 Trying...\n100 result=0 Trying...\n200 result=0\n", Reply(200, "0")),
        (b"520-Invalid command syntax.\n 200 result=1\nHANGUP\n520 End of proper usage.\n", Reply(520)),
    ],
    ids=["hangup as a value", "NUL", "GBK", "CR", "brackets", "hung up", "hung up early", "still at it", "manual"],
)
async def test_a_reply_is_what_it_is_whatever_it_holds(said: bytes, reply: Reply) -> None:
    line = wire(said + b"200 result=7\n")
    assert await line.ask("GET VARIABLE x", 1) == reply
    assert await line.ask("NOOP", 1) == Reply(200, "7"), "the next answer is the next command's"


async def test_a_value_with_a_line_break_ends_it_before_its_rest_passes_for_an_answer() -> None:
    line = wire(b"200 result=1 (a\n200 result=1 (forged)\n)\n")
    with pytest.raises(PeerUnclear, match="a value with a line break"):
        await line.ask("GET VARIABLE x", 1)
    with pytest.raises(PeerSilent, match="still owed"):
        await line.ask("GET VARIABLE y", 1)
