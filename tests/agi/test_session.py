"""Callers in the menu over loopback FastAGI."""

from __future__ import annotations

import asyncio
import random

import pytest

from agi import session
from agi.server import AgiServer
from tests.agi import maze
from tests.agi.conftest import Served
from tests.agi_line import AgiLine
from tests.scenario import Caller


async def test_a_complaint_reaches_its_queue_and_leaves_every_variable(served: Served) -> None:
    async with served.line() as line:
        await (
            Caller(line)
            .dials("12345")
            .hears("welcome")
            .presses("1")
            .hears("matters-menu")
            .presses("1")
            .reaches("complaints")
            .stays()
        )
        variables = await line.ended()
    assert variables["HOTLINE_DECISION"] == "queue"
    assert variables["HOTLINE_PATH"] == variables["HOTLINE_AT"] == "12345-1-1"
    assert (variables["HOTLINE_TYPE"], variables["HOTLINE_OVERFLOW"], variables["HOTLINE_WAIT"]) == (
        "complaint",
        "12345-2",
        "60",
    )
    assert served.server.counts.sessions == {"queue": 1}


async def test_a_path_dialled_through_is_decided_without_a_question(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("1234515").reaches("fax").stays()
    assert line.asked == []


async def test_what_is_said_before_a_decision_is_left_to_the_dialplan(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").presses("0").hears("person").reaches("general").stays()
    assert line.variables["HOTLINE_SAY"] == "hotline/person"


async def test_silence_repeats_and_then_reaches_a_person(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").is_silent().hears("noinput").is_silent().reaches("general").stays()
    assert served.server.counts.sessions == {"queue": 1}


@pytest.mark.parametrize(("care", "seconds"), [("", 8), ("slow", 16)])
async def test_silence_is_waited_out_in_pieces_and_the_prompt_is_told_once(served: Served, care: str, seconds: int) -> None:
    """A lost server shows at the end of a piece; whoever asked for more time has more of them."""
    async with AgiLine(served.city, served.port, served.keys, care=care) as line:
        await Caller(line).dials("12345").is_silent().hears("noinput").stays()
    first, *rest, _again = (command.split(" ")[-1].strip('"').split(",") for command in line.asked)
    assert "welcome" in first[0] and {prompts for prompts, *_ in rest} == {""}
    pieces = [float(piece) for _, piece, *_ in (first, *rest)]
    assert (sum(pieces), max(pieces)) == (seconds, session.PIECE_SECONDS)


async def test_the_state_goes_with_each_question_so_that_asterisk_can_go_on(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").is_silent().hears("noinput").stays()
        assert (line.variables["HOTLINE_AT"], line.variables["HOTLINE_NOINPUT"]) == ("12345", "1")
        await Caller(line).presses("1").hears("matters-menu").presses("9").hears("nomatch").stays()
        assert (line.variables["HOTLINE_AT"], line.variables["HOTLINE_NOMATCH"]) == ("12345-1", "1")


async def test_hanging_up_is_an_outcome_and_no_failure(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").hangs_up()
    await served.server.drain(5)
    assert served.server.counts.sessions == {"gone": 1}


async def test_a_fax_machine_is_taken_to_the_fax_path(served: Served) -> None:
    async with served.line() as line:
        await Caller(line).dials("12345").hears("welcome").stays()
        await line.detect_fax()
        await Caller(line).reaches("fax").stays()
    assert (line.variables["HOTLINE_PATH"], line.variables["HOTLINE_REASON"]) == ("12345-1-5", "detected")
    assert served.server.counts.sessions == {"fax": 1}


async def test_a_version_nobody_published_is_left_to_the_dialplan(served: Served) -> None:
    async with AgiLine(served.city, served.port, version="7") as line:
        await line.dial("12345")
        variables = await line.ended()
    assert "HOTLINE_DECISION" not in variables
    assert served.server.counts.sessions == {"failed": 1}


@pytest.mark.parametrize("seed", range(20))
async def test_keys_pressed_at_any_moment_all_count(served: Served, seed: int) -> None:
    """Between two commands they are dropped, as Asterisk does; the tape has them."""
    chance = random.Random(seed)
    keys = "".join(chance.choices(maze.KEYS, k=maze.DEPTH))
    server = AgiServer(lambda _version: maze.city(), served.keys)
    async with AgiLine(maze.city(), await server.start(0), served.keys) as line:
        await line.dial("12345")
        for key in keys:
            for _ in range(chance.randrange(12)):
                await asyncio.sleep(0)
            await line.press(key)
        await line.reach("general")
        assert line.variables["HOTLINE_PATH"] == maze.end(keys)
    await server.drain(0)


async def test_no_key_is_written_to_the_log(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    async with served.line() as line:
        await (
            Caller(line)
            .dials("12345")
            .hears("welcome")
            .presses("#")
            .hears("main-menu")
            .presses("9")
            .hears("nomatch")
            .stays()
        )
    await served.server.drain(5)
    written = capsys.readouterr()
    assert "line-" in written.out and "Pressed" not in written.out and "key" not in written.out
