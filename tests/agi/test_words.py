"""Words beside keys over loopback FastAGI: whoever listens is a script here, the session and its keys are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from agi import session
from agi.keys import Keys
from agi.server import AgiServer
from agi.words import Words
from ivr.events import Listen, Spoke
from speech.choosing import meaning
from tests.agi_line import AgiLine
from tests.ivr.speaking import city
from tests.scenario import Caller, Story
from tests.scenario_pure import PureLine

COMPLAINT = Spoke("choice", "1", sure=True)
UNCLEAR = Spoke("unclear")


class Script(Words):
    """Somebody who listens."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Listen] = []
        self.closed = False

    def begin(self, what: Listen) -> bool:
        self.asked.append(what)
        return True

    def close(self) -> None:
        self.closed = True


@dataclass
class Listening:
    server: AgiServer
    port: int
    keys: Keys
    words: list[Script] = field(default_factory=list)

    def line(self) -> AgiLine:
        line = AgiLine(city(), self.port, self.keys)
        line.listener = self.hears
        return line

    def hears(self, words: str) -> None:
        spoke = meaning(words, self.script.asked[-1].wishes or None)
        assert spoke is not None
        self.says(spoke)

    @property
    def script(self) -> Script:
        return self.words[-1]

    def says(self, what: Spoke) -> None:
        self.script.said(self.script.turn, what)


@pytest_asyncio.fixture
async def listening() -> AsyncIterator[Listening]:
    keys = Keys()
    keys.connected(True)
    menus = {"1": city()}
    server = AgiServer(lambda version: menus[version], keys)
    made = Listening(server, await server.start(0), keys)

    def listener(_: object) -> Words:
        made.words.append(Script())
        return made.script

    server.listener = listener
    yield made
    await server.drain(0)


async def at_matters(line: AgiLine) -> Caller:
    return await Caller(line).dials("12345").presses("1").hears("matters").hears("speak-hint").stays()


async def test_a_word_ends_the_prompt_and_is_as_good_as_a_key(listening: Listening) -> None:
    async with listening.line() as line:
        await at_matters(line)
        listening.says(COMPLAINT)
        await Caller(line).reaches("complaints").stays()
        variables = await line.ended()
    assert (variables["HOTLINE_PATH"], variables["HOTLINE_TYPE"]) == ("12345-1-1", "complaint")
    assert [len(one.wishes) for one in listening.script.asked] == [2]
    assert listening.script.closed


STORIES: tuple[Callable[[Story], Story], ...] = (
    lambda at_menu: at_menu.says("我要投诉").reaches("complaints"),
    lambda at_menu: at_menu.says("投苏").hears("confirm-complaint").hears("speak-yes-no").says("是的").reaches("complaints"),
    lambda at_menu: at_menu.says("家里着火了").hears("speak-119").says("是的").reaches("emergency"),
)


@pytest.mark.parametrize("story", STORIES, ids=["sure", "unsure", "in danger"])
async def test_one_story_is_told_on_the_pure_line_and_on_the_wire(listening: Listening, story: Callable[[Story], Story]) -> None:
    async with listening.line() as wire:
        for line in (PureLine(city()), wire):
            await story(Caller(line).dials("12345").presses("1").hears("matters").hears("speak-hint")).hangs_up()


async def test_what_is_unsure_is_asked_about_and_answered_by_word_or_key(listening: Listening) -> None:
    for answer in ("word", "key"):
        async with listening.line() as line:
            await at_matters(line)
            listening.says(Spoke("choice", "1"))
            await Caller(line).hears("confirm-complaint").hears("speak-yes-no").stays()
            assert listening.script.asked[-1] == Listen(), "yes or no"
            if answer == "word":
                listening.says(Spoke("yes"))
            else:
                await Caller(line).presses("1").stays()
            await Caller(line).reaches("complaints").stays()


async def test_a_key_counts_before_a_word_and_one_typed_ahead_too(listening: Listening) -> None:
    async with listening.line() as line:
        await at_matters(line)
        listening.keys.began(line.uniqueid, "3")
        listening.keys.heard(line.uniqueid, "3")
        listening.says(COMPLAINT)
        await Caller(line).reaches("hangup").stays()


async def test_a_word_of_the_question_before_is_nobodys(listening: Listening) -> None:
    async with listening.line() as line:
        await at_matters(line)
        old = listening.script.turn
        await Caller(line).presses("*").hears("matters").stays()
        listening.script.said(old, COMPLAINT)
        await Caller(line).is_silent().hears("noinput").presses("3").reaches("hangup").stays()


async def test_what_means_nothing_lets_the_prompt_go_on_and_is_answered_after_it(listening: Listening) -> None:
    async with listening.line() as line:
        await at_matters(line)
        listening.says(UNCLEAR)
        asked = len(line.asked)
        await asyncio.sleep(0)
        assert len(line.asked) == asked, "no prompt is cut off for a voice in the room"
        await Caller(line).is_silent().hears("speak-again").hears("matters").stays()
        listening.says(UNCLEAR)
        await Caller(line).is_silent().reaches("general").stays()


async def test_silence_is_waited_for_longer_while_somebody_speaks(listening: Listening) -> None:
    async with listening.line() as line:
        await at_matters(line)
        listening.script.is_speaking(listening.script.turn, True)
        asked = len(line.asked)
        await Caller(line).is_silent().hears("noinput").stays()
        pieces = [float(command.split(" ")[-1].strip('"').split(",")[1]) for command in line.asked[asked - 1 : -1]]
    assert sum(pieces) == 8 + session.SPEAKING_SECONDS, "and not for ever"


async def test_with_nobody_listening_it_is_the_menu_of_keys(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Script, "begin", lambda self, what: False)
    async with listening.line() as line:
        await Caller(line).dials("12345").presses("1").hears("matters").stays()
        assert "speak-hint" not in line.asked[-1]
        await Caller(line).is_silent().hears("noinput").is_silent().reaches("general").stays()
