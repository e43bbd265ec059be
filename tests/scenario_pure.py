"""The fastest line for a story: the pure flow, microseconds a call, no telephone.

    await Caller(PureLine(city)).dials("12345").hears("welcome").presses("1").presses("1").reaches("complaints").hangs_up()
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from ivr.model import City
from ivr.walk import Walk, WrongStep
from speech.choosing import meaning
from tests.scenario import Broke

A_MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8)))
LISTENS = ("voicemail", "fax", "transfer")  # where a caller's own sound goes somewhere, beside queues


class PureLine:
    """One caller's line into a city's menus. `now` decides which hours are open."""

    def __init__(self, city: City, now: datetime = A_MONDAY, *, menu: bool = True) -> None:
        self.walk = Walk(city, now, menu=menu, understand=meaning)

    async def dial(self, number: str) -> None:
        _take(lambda: self.walk.dials(number))

    async def hear(self, prompt: str, seconds: float) -> None:
        _take(lambda: self.walk.hears(prompt))

    async def press(self, keys: str) -> None:
        _take(lambda: self.walk.presses(keys))

    async def speak(self, clip: str) -> None:
        if self.walk.where not in LISTENS and self.walk.where not in self.walk.city.queues:
            raise Broke(f"nobody listens: {self.walk.where or 'the menu waits for a key'}")

    async def say(self, words: str) -> None:
        _take(lambda: self.walk.says(words))

    async def keep_silent(self) -> None:
        _take(self.walk.is_silent)

    async def reach(self, where: str, seconds: float) -> None:
        _take(lambda: self.walk.reaches(where))

    async def hang_up(self) -> None:
        if not self.walk.over:
            _take(self.walk.hangs_up)

    async def await_hangup(self, seconds: float) -> None:
        _take(lambda: self.walk.reaches("hangup"))


def _take(act: Callable[[], None]) -> None:
    try:
        act()
    except WrongStep as wrong:
        raise Broke(str(wrong)) from wrong
