"""The reader of bytes on streams that a real Asterisk sent."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues import event
from queues.errors import ForbiddenText
from queues.event import Event
from queues.wire import checked
from tests.queues.replay import Heard, Wire, read, stream

STORIES = ("answered", "caller_hangs_up_on_agent", "abandoned", "overflowed", "on_a_break")


async def test_a_stream_cut_at_any_byte_reads_the_same() -> None:
    data = stream("answered")
    place = data.index("浦东新区市民".encode())
    data = data[:200] + data[data.rindex(b"\r\n\r\n", 0, place) : data.index(b"\r\n\r\n", place) + 4]
    whole = read([data])
    assert any("浦东新区市民" in told.fields.values() for told in whole)
    for cut in range(len(data)):
        assert read([data[:cut], data[cut:]]) == whole


@pytest.mark.parametrize("name", STORIES)
async def test_a_stream_byte_by_byte_reads_the_same(name: str) -> None:
    data = stream(name)
    assert read(data[place : place + 1] for place in range(len(data))) == read([data])


async def test_every_message_of_the_streams_is_read() -> None:
    for name in STORIES:
        data = stream(name)
        events = read([data])
        assert len(events) == data.count(b"\r\n\r\n")
        assert sum(bool(told.name) for told in events) == data.count(b"\r\nEvent: ") + data.startswith(b"Event: ")


async def test_channel_variables_are_those_of_the_events_own_channel() -> None:
    connect = next(told for told in read([stream("answered")]) if told.name == "AgentConnect")
    assert connect.variable("HOTLINE_PATH") == "12345-1-1"
    assert connect.variable("HOTLINE_TYPE") == "complaint"
    assert connect["DestChannel"].startswith("PJSIP/answers-")


def test_a_number_is_a_number_or_what_was_said_otherwise() -> None:
    told = Event.of({"Event": "X", "A": "12", "B": "-3", "C": "", "D": "1e5", "E": "٣", "F": "1\n2"})
    assert [told.number(key, 7) for key in "ABCDEFG"] == [12, -3, 7, 7, 7, 7, 7]


async def test_an_event_that_nobody_looks_into_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read_so_far: list[str] = []
    monkeypatch.setattr(event, "_read", lambda text: read_so_far.append(text) or {"uniqueid": "1"})
    first, second = read([b"Event: Newstate\r\nUniqueid: 1\r\n\r\nEvent: Hangup\r\nUniqueid: 1\r\n\r\n"])
    assert (first.name, second.name, read_so_far) == ("Newstate", "Hangup", [])
    assert (second["Uniqueid"], second["Uniqueid"], len(read_so_far)) == ("1", "1", 1)


def test_lines_are_remembered_up_to_a_number_and_never_those_of_a_monster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "MOST_LINES", 100)
    event._lines.clear()
    for number in range(1000):
        told = Event.parse(f"Event: Newstate\r\nLanguage: zh\r\nUniqueid: {number}\r\nChanVariable: A=x: y={number}")
        assert (told["language"], told["UNIQUEID"], told.variable("A"), told["Absent"]) == ("zh", str(number), f"x: y={number}", "")
        assert 0 < len(event._lines) <= 100
    before = len(event._lines)
    assert Event.parse(f"Event: Newstate\r\nCallerIDName: {'9' * event.LONGEST}")["calleridname"] == "9" * event.LONGEST
    assert len(event._lines) == before


def test_a_header_that_comes_twice_is_two_lines_and_a_line_without_a_colon_is_none() -> None:
    told = Event.parse("Event: X\r\nOutput: one\r\nnonsense\r\noutput: two: 2\r\nEmpty: \r\nChanVariable: A=1\r\nChanVariable: A=2\r\nChanVariable: B")
    assert told.fields == {"event": "X", "output": "one\ntwo: 2", "empty": "", "chanvariable A": "2"}


names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
values = st.text(max_size=200)


@given(st.dictionaries(names, st.one_of(values, st.lists(values, max_size=4)), max_size=20))
def test_whatever_is_let_through_is_one_line_each(fields: dict[str, str | list[str]]) -> None:
    try:
        clean = checked(fields)
    except ForbiddenText:
        return
    for value in clean.values():
        for text in [value] if isinstance(value, str) else value:
            assert not set(text) & {"\r", "\n", "\0"} and len(text.encode()) <= 1000


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(0, 400))
async def test_no_bytes_break_the_reader(data: bytes, cut: int) -> None:
    end = b"\r\n\r\nEvent: Live\r\n\r\n"
    assert read([data[:cut], data[cut:] + end]) == read([data + end])
    assert read([data + b"\r\n" + end])[-1].name == "Live"


lines = st.lists(st.tuples(names, st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)), max_size=8)


@given(lines, st.lists(st.integers(1, 50), max_size=10))
async def test_an_event_reads_back_as_it_was_said(said: list[tuple[str, str]], sizes: list[int]) -> None:
    data = "".join(f"{name}: {value}\r\n" for name, value in [("Event", "E"), *said, ("Last", "x")]).encode() + b"\r\n"
    pieces, place = [], 0
    for size in sizes:
        pieces.append(data[place : place + size])
        place += size
    [heard_event] = read([*pieces, data[place:]])
    expected: dict[str, list[str]] = {}
    for name, value in said:
        expected.setdefault(name, []).append(value)
    for name, heard in expected.items():
        if len({other.lower() for other in expected}) == len(expected) and name.lower() not in ("event", "last", "chanvariable", "response"):
            assert heard_event[name] == "\n".join(heard)


async def test_a_link_lost_at_any_byte_tells_whole_messages_and_no_half_ones() -> None:
    data = stream("on_a_break")[:3000]
    whole = read([data + b"\r\n\r\n"])
    for cut in range(len(data)):
        heard = Heard()
        wire = Wire(heard)
        wire.connection_made(asyncio.Transport())
        wire.data_received(data[:cut])
        wire.connection_lost(ConnectionResetError())
        assert heard.events == whole[: data.count(b"\r\n\r\n", 0, cut)]
