"""Bytes from anybody: read, refused with a reason, or given up in time; never believed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.errors import AgiError, ChannelGone, PeerSilent, PeerUnclear
from agi.reply import Reply, parse_reply
from agi.wire import HEADER_BYTES, LINE_BYTES, Wire, parse_header
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
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PeerUnclear, "not an AGI header: 'GET / HTTP/1.1'"),
        (b"\n", PeerUnclear, "no AGI header"),
        (b"agi_channel: x\n\n", PeerUnclear, "no AGI header"),
        (HEADER + b"agi_x: " + b"a" * LINE_BYTES + b"\n\n", PeerUnclear, "a line of more than 65536 bytes"),
        (HEADER + b"".join(b"agi_%d: y\n" % n for n in range(1000)), PeerUnclear, "a header without end"),
        (HEADER + b"agi_x: " + b"a" * HEADER_BYTES + b"\n\n", PeerUnclear, "a header without end"),
    ],
    ids=["nothing", "half", "http", "empty", "no network line", "endless line", "endless lines", "too big"],
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
