"""What Asterisk really said, read by the wire: tests/agi/transcripts, recorded by tests/agi/record.py."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agi.errors import ChannelGone
from agi.reply import Reply
from agi.session import Arrival
from agi.wire import Wire

FOLDER = Path(__file__).parent / "transcripts"


class Transcript:
    """A file replayed: what Asterisk said, up to the next thing the service says."""

    def __init__(self, name: str) -> None:
        lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        self.lines = [line for line in lines if not line.startswith(("#", "C:"))]
        self.commands = [line[3:] for line in self.lines if line.startswith("S: ")]

    def said(self) -> bytes:
        return "".join(
            f"{line[3:]}\n" for line in self.lines if line.startswith("A:") and line != "A: (closed)"
        ).encode()


class Nowhere:
    """A writer that keeps what was sent."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        return


async def replies(name: str) -> tuple[dict[str, str], list[Reply | str], Wire]:
    """The header and each reply, or the error's name, of a transcript."""
    transcript = Transcript(name)
    reader, writer = asyncio.StreamReader(), Nowhere()
    reader.feed_data(transcript.said())
    reader.feed_eof()
    wire = Wire(reader, writer)  # type: ignore[arg-type]
    header = await wire.header(1)
    got: list[Reply | str] = []
    for command in transcript.commands:
        try:
            got.append(await wire.ask(command, 1))
        except ChannelGone:
            got.append("gone")
    assert writer.sent.decode().splitlines() == transcript.commands
    return header, got, wire


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
async def test_every_header_names_the_call(name: str) -> None:
    header, _, _ = await replies(name)
    arrival = Arrival.of(header)
    assert (arrival.version, arrival.at, arrival.called) == ("1", "12345", "12345")
    assert arrival.channel.startswith("PJSIP/trunk-")
    assert arrival.uniqueid == arrival.linkedid
    assert header["calleridname"] == "市民 A"


async def test_a_key() -> None:
    _, got, _ = await replies("key")
    assert got == [Reply(200, "0"), Reply(200, "1", "1"), Reply(200, "0")]


async def test_silence() -> None:
    _, got, _ = await replies("silence")
    assert got == [Reply(200, "0"), Reply(200, "1")]


async def test_who_leaves_while_asked_is_gone_at_the_next_command() -> None:
    _, got, wire = await replies("left-in-ask")
    assert got == [Reply(200, "0"), "gone", "gone"]
    assert wire.hung_up


async def test_without_agiexitonhangup_the_answer_still_comes_and_then_511() -> None:
    _, got, wire = await replies("left-in-ask-told")
    assert got == [Reply(200, "0"), Reply(200, "1"), Reply(511)]
    assert wire.hung_up


async def test_hanging_up_is_the_normal_end_of_a_message() -> None:
    _, got, _ = await replies("left-recording")
    first = got[0]
    assert isinstance(first, Reply)
    assert (first.code, first.result, first.text) == (200, "-1", "hangup")
    assert first.endpos is not None and first.endpos > 0


async def test_a_manual_page_is_one_refusal() -> None:
    _, got, _ = await replies("refused")
    assert got == [Reply(520), Reply(510), Reply(200, "-2"), Reply(200, "-1")]


async def test_values_with_brackets_quotes_and_chinese() -> None:
    _, got, _ = await replies("variables")
    assert [reply.text for reply in got if isinstance(reply, Reply)] == [
        "",
        "",
        'a "b" (c) \\d endpos=5',
        "",
        "浦东新区市民",
        "zh",
    ]


async def test_a_fax_machine_looks_like_a_hangup_in_a_plain_command_and_like_a_key_in_an_ask() -> None:
    _, plain, _ = await replies("fax-in-stream")
    assert isinstance(plain[0], Reply) and plain[0].result == "-1" and plain[1] == "gone"
    _, asked, _ = await replies("fax-in-ask")
    assert asked == [Reply(200, "0"), Reply(200, "1", "fax")]
