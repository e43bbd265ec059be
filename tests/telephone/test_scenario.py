"""The story language itself: a story runs in order, must end, and shows where it broke."""

from __future__ import annotations

import pytest

from tests.scenario import Broke, Caller, StoryBroke, StoryWithoutEnd


class Notebook:
    """A line that writes down what it is told, and never heard of `music`."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def dial(self, number: str) -> None:
        self.told.append(f"dial {number}")

    async def hear(self, prompt: str, seconds: float) -> None:
        if prompt == "music":
            raise Broke(f"{prompt} was not heard in {seconds:g} s")
        self.told.append(f"hear {prompt}")

    async def press(self, keys: str) -> None:
        self.told.append(f"press {keys}")

    async def speak(self, clip: str) -> None:
        self.told.append(f"speak {clip}")

    async def keep_silent(self) -> None:
        self.told.append("silent")

    async def reach(self, where: str, seconds: float) -> None:
        self.told.append(f"reach {where}")

    async def hang_up(self) -> None:
        self.told.append("hang up")

    async def await_hangup(self, seconds: float) -> None:
        self.told.append("hung up on")


async def test_a_story_is_told_in_order() -> None:
    line = Notebook()
    await Caller(line).dials("12345").hears("greeting").presses("1").speaks("noise.wav").hangs_up()
    assert line.told == ["dial 12345", "hear greeting", "press 1", "speak noise.wav", "hang up"]


async def test_a_story_without_an_end_is_not_even_begun() -> None:
    line = Notebook()
    with pytest.raises(StoryWithoutEnd, match="hears greeting"):
        await Caller(line).dials("12345").hears("greeting")
    assert line.told == []


async def test_a_broken_story_is_printed_with_a_marker_where_it_broke() -> None:
    with pytest.raises(StoryBroke) as broken:
        await Caller(Notebook()).dials("12345").hears("music", within=3).presses("1").is_hung_up_on()
    assert str(broken.value) == (
        "the story broke: music was not heard in 3 s\n"
        "    dials 12345\n"
        "  > hears music\n"
        "    presses 1\n"
        "    is hung up on"
    )


async def test_two_stories_can_share_a_call_when_the_first_stays() -> None:
    line = Notebook()
    await Caller(line).dials("12345").is_silent().stays()
    await Caller(line).reaches("general").is_hung_up_on()
    assert line.told == ["dial 12345", "silent", "reach general", "hung up on"]
