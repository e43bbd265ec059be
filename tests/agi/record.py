"""Records the transcripts in tests/agi/transcripts from a real Asterisk. Run when Asterisk's version changes:

    python -m telephone.isolation python -m tests.agi.record

`A:` is what Asterisk says, `S:` what the service says, `C:` what the caller does meanwhile, `A: (closed)` the end of
the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np

from telephone import sound
from telephone.caller import Caller
from tests.agi import maze
from tests.agi.real import RealHotline, real_hotline

FOLDER = Path(__file__).parent / "transcripts"
NUMBER = "99999"
CLOSED = "(closed)"
Act = Callable[[Caller], Awaitable[None]]


class Tape:
    """One AGI connection, written down."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines: list[str] = []
        self._reader = reader
        self._writer = writer

    async def header(self) -> None:
        while await self._line():
            pass

    async def say(self, command: str, *, answered: bool = True) -> str:
        self.lines.append(f"S: {command}")
        self._writer.write(command.encode() + b"\n")
        return await self.reply() if answered else ""

    async def reply(self) -> str:
        while (line := await self._line()).startswith(("100", "520-", "HANGUP")) or not line[:3].isdigit():
            if line == CLOSED:
                break
        return line

    async def _line(self) -> str:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                raw = await self._reader.readline()
            if raw:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self.lines.append(f"A: {line}".rstrip())
                return line
        self.lines.append(f"A: {CLOSED}")
        return CLOSED


Story = Callable[[Tape, Caller], Awaitable[None]]


async def key(tape: Tape, caller: Caller) -> None:
    asking = asyncio.ensure_future(tape.say(ask()))
    await doing(tape, caller, "presses 1", caller.presses("1"))
    await asking
    await tape.say('GET VARIABLE "HOTLINE_KEY"')
    await tape.say('EXEC "MSet" "HOTLINE_AT=12345-1,HOTLINE_DECISION=queue"')


async def silence(tape: Tape, _caller: Caller) -> None:
    await tape.say(ask())
    await tape.say('GET VARIABLE "HOTLINE_KEY"')


async def left(tape: Tape, caller: Caller) -> None:
    asking = asyncio.ensure_future(tape.say(ask()))
    await caller.leg.has_heard(caller.leg.samples_heard + 4000, 5)
    await doing(tape, caller, "hangs up", caller.hangs_up())
    await asking
    await tape.say('GET VARIABLE "HOTLINE_KEY"')
    await tape.say("ANSWER")


async def left_recording(tape: Tape, caller: Caller) -> None:
    recording = asyncio.ensure_future(tape.say('RECORD FILE "message" "wav" "#" "20000" "BEEP"'))
    await caller.speaks(sound.babble(1, 7))
    await doing(tape, caller, "hangs up", caller.hangs_up())
    await recording
    await tape.say('STREAM FILE "beep" ""')
    await tape.say("NOOP")


async def refused(tape: Tape, _caller: Caller) -> None:
    await tape.say("SET VARIABLE")
    await tape.say("NO SUCH COMMAND")
    await tape.say('EXEC "NoSuchApplication" ""')
    await tape.say('GOSUB "no-such-context" "s" "1" ""')


async def variables(tape: Tape, _caller: Caller) -> None:
    await tape.say('GET VARIABLE "NOT_SET"')
    await tape.say('SET VARIABLE "X" "a \\"b\\" (c) \\\\d endpos=5"')
    await tape.say('GET VARIABLE "X"')
    await tape.say('SET VARIABLE "X" "浦东新区市民"')
    await tape.say('GET VARIABLE "X"')
    await tape.say('GET FULL VARIABLE "${CHANNEL(language)}"')


async def fax_in_ask(tape: Tape, caller: Caller) -> None:
    asking = asyncio.ensure_future(tape.say(ask()))
    await doing(tape, caller, "sends the tone of a fax machine", caller.speaks(cng()))
    await asking
    await tape.say('GET VARIABLE "HOTLINE_KEY"')


async def fax_in_stream(tape: Tape, caller: Caller) -> None:
    playing = asyncio.ensure_future(tape.say(f'STREAM FILE "hotline/{maze.PROMPT}" ""'))
    await doing(tape, caller, "sends the tone of a fax machine", caller.speaks(cng()))
    await playing
    await tape.say('STREAM FILE "beep" ""')
    await tape.say("NOOP")


STORIES: dict[str, tuple[Story, str]] = {
    "key": (key, "yes"),
    "silence": (silence, "yes"),
    "left-in-ask": (left, "yes"),
    "left-in-ask-told": (left, "no"),
    "left-recording": (left_recording, "no"),
    "refused": (refused, "yes"),
    "variables": (variables, "yes"),
    "fax-in-ask": (fax_in_ask, "yes"),
    "fax-in-stream": (fax_in_stream, "yes"),
    "fax-in-stream-told": (fax_in_stream, "no"),
}


def ask() -> str:
    return f'GOSUB "hotline-ask" "s" "1" "hotline/{maze.PROMPT},1,1,12345,0,0,1"'


def cng() -> sound.Samples:
    time = np.arange(sound.RATE // 2) / sound.RATE
    return (np.sin(2 * np.pi * 1100 * time) * 8000).astype(np.int16)


async def doing(tape: Tape, _caller: Caller, words: str, act: Awaitable[None]) -> None:
    tape.lines.append(f"C: {words}")
    await act


async def record(hotline: RealHotline, name: str, story: Story, exit_on_hangup: str) -> None:
    """One call, one file."""
    ended = asyncio.Event()
    lines: list[str] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tape = Tape(reader, writer)
        await tape.header()
        await story(tape, caller)
        lines.extend(tape.lines)
        writer.close()
        ended.set()

    hotline.asterisk.cli("dialplan add include hotline-common into hotline-trunk")  # where a fax machine's tone leads
    for priority, application in enumerate(
        (
            "Answer()",
            "Set(FAXOPT(faxdetect)=cng,30)",
            f"MSet(HOTLINE_AGI=1,AGIEXITONHANGUP={exit_on_hangup})",
            f"AGI(agi://127.0.0.1:{hotline.settings.agi_port}/hotline,1,12345,12345,${{CHANNEL(linkedid)}})",
        ),
        1,
    ):
        hotline.asterisk.cli(f"dialplan add extension {NUMBER},{priority},{application} into hotline-trunk replace")
    server = await asyncio.start_server(accept, "127.0.0.1", hotline.settings.agi_port)
    async with server, asyncio.timeout(60):
        caller = hotline.network.caller("13812345678", name="市民 A")
        await caller.dials(NUMBER)
        await ended.wait()
        await caller.hangs_up()
    version = hotline.asterisk.runtime.version
    (FOLDER / f"{name}.txt").write_text(
        "\n".join([f"# Asterisk {version}, AGIEXITONHANGUP={exit_on_hangup}", *lines]) + "\n"
    )


async def main() -> None:
    async with _hotline() as hotline:
        for name, (story, exit_on_hangup) in STORIES.items():
            await record(hotline, name, story, exit_on_hangup)
            print(name)


@contextlib.asynccontextmanager
async def _hotline() -> AsyncIterator[RealHotline]:
    with tempfile.TemporaryDirectory() as folder:
        async with real_hotline(Path(folder)) as hotline:
            yield hotline


if __name__ == "__main__":
    asyncio.run(main())
