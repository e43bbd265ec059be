"""The language of call stories: what a switchboard operator could read aloud, on any of three lines.

    await caller.dials("12345").hears("greeting").presses("1").presses("1").speaks("noise.wav").hangs_up()

A story is told to a `Line`: the pure flow (tests/scenario_pure.py), loopback AGI (tests/agi_line.py) or a real
Asterisk (tests/calls/asterisk_line.py). It never sleeps. It ends explicitly: `hangs_up`, `is_hung_up_on`, or
`stays` when another story goes on with the same call. A failure prints the story with a marker where it broke.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

DEFAULT_SECONDS = 60.0  # longest wait for anything a story expects; on a busy machine all takes longer


class Line(Protocol):
    """One caller's line. Each method returns once the thing has happened, or raises Broke."""

    async def dial(self, number: str) -> None: ...

    async def hear(self, prompt: str, seconds: float) -> None:
        """The prompt with this id (dialplans/12345/prompts.yaml) was heard after what was heard before."""

    async def press(self, keys: str) -> None: ...

    async def speak(self, clip: str) -> None: ...

    async def say(self, words: str) -> None:
        """To a menu that listens; on a line with sound by a Mandarin voice."""

    async def keep_silent(self) -> None:
        """The caller does nothing until the menu has noticed (pure lines send NoInput; a real one lets time pass)."""

    async def reach(self, where: str, seconds: float) -> None:
        """The caller has arrived at a queue's name, or at `voicemail`, `fax`, `transfer`."""

    async def hang_up(self) -> None: ...

    async def await_hangup(self, seconds: float) -> None:
        """The hotline ended the call."""


class Broke(Exception):  # noqa: N818 - read in a sentence: the story broke
    """What happened instead of what the story says."""


class StoryBroke(AssertionError):
    """The whole story with a marker at the step that did not come true."""


class StoryWithoutEnd(AssertionError):
    """A story must say how it ends."""


@dataclass(frozen=True)
class Step:
    words: str
    act: Callable[[Line], Awaitable[None]]
    ends: bool = False


class Story:
    """Steps told in order; `await` tells them to the line."""

    def __init__(self, line: Line, steps: tuple[Step, ...] = ()) -> None:
        self._line = line
        self._steps = steps

    def dials(self, number: str) -> Story:
        return self._and(f"dials {number}", lambda line: line.dial(number))

    def hears(self, prompt: str, within: float = DEFAULT_SECONDS) -> Story:
        return self._and(f"hears {prompt}", lambda line: line.hear(prompt, within))

    def presses(self, keys: str) -> Story:
        return self._and(f"presses {keys}", lambda line: line.press(keys))

    def speaks(self, clip: str) -> Story:
        return self._and(f"speaks {clip}", lambda line: line.speak(clip))

    def says(self, words: str) -> Story:
        return self._and(f"says {words}", lambda line: line.say(words))

    def is_silent(self) -> Story:
        return self._and("is silent", lambda line: line.keep_silent())

    def reaches(self, where: str, within: float = DEFAULT_SECONDS) -> Story:
        return self._and(f"reaches {where}", lambda line: line.reach(where, within))

    def hangs_up(self) -> Story:
        return self._and("hangs up", lambda line: line.hang_up(), ends=True)

    def is_hung_up_on(self, within: float = DEFAULT_SECONDS) -> Story:
        return self._and("is hung up on", lambda line: line.await_hangup(within), ends=True)

    def stays(self) -> Story:
        return self._and("stays on the line", _nothing, ends=True)

    def _and(self, words: str, act: Callable[[Line], Awaitable[None]], *, ends: bool = False) -> Story:
        return Story(self._line, (*self._steps, Step(words, act, ends)))

    def __await__(self) -> Generator[Any, None, None]:
        return self.told().__await__()

    async def told(self) -> None:
        """What `await` does; for telling several stories at once."""
        if not self._steps or not self._steps[-1].ends:
            raise StoryWithoutEnd(f"the story does not say how it ends:\n{self._written(None)}")
        for number, step in enumerate(self._steps):
            try:
                await step.act(self._line)
            except Broke as broke:
                raise StoryBroke(f"the story broke: {broke}\n{self._written(number)}") from broke

    def _written(self, broken: int | None) -> str:
        return "\n".join(f"{'  > ' if number == broken else '    '}{step.words}" for number, step in enumerate(self._steps))


class Caller(Story):
    """Where every story begins: `Caller(line).dials(…)`."""


async def _nothing(_line: Line) -> None:
    return
