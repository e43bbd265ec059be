"""What callers say at a menu, from the ears to the menu: a tap for each caller who is asked where somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from agi.server import Listener
from agi.session import Arrival
from agi.words import Words
from hotline.settings import Settings
from ivr.events import Listen, Spoke
from ivr.model import City, Menu
from queues import taps
from queues.ami import AmiLink
from speech.choice import Choice
from speech.live import Ears, NobodyListens, NoRoom, Tap, Unusable

CALLER = ("caller",)
MEANINGS = frozenset(("choice", "danger", "yes", "no", "unclear"))

log = structlog.get_logger(__name__)


def ears_of(settings: Settings) -> Ears:
    """The recogniser of this hotline's settings; its budget is measured with the city's own prompts."""

    def choose() -> Choice:
        from speech import engines  # noqa: PLC0415 - numpy and sound libraries come with it, and most hotlines listen to no live call
        from speech.recogniser import EngineUnusable  # noqa: PLC0415

        wish = settings.file.speech
        try:
            return engines.choose(settings, wish.engine, wish.model, wish.input_path)
        except EngineUnusable as error:
            raise Unusable(str(error)) from error

    def sample() -> list[Path]:
        return sorted((settings.sounds / settings.file.menu.language).glob("*.wav"), key=lambda path: -path.stat().st_size)[:6]

    return Ears(choose, sample, settings.file.speech.live_streams)


def listens(city: City) -> bool:
    """Whether any of its menus does."""
    return any(isinstance(node, Menu) and node.speak for node in city.nodes.values())


def listener(ears: Ears, link: AmiLink) -> Listener:
    """For the AGI server. Taps begin beside the call: no caller waits for one."""
    beginning: set[asyncio.Task[bool]] = set()

    def begin(arrival: Arrival, tap: Tap) -> None:
        task = asyncio.create_task(taps.begin(link, arrival.linkedid, arrival.uniqueid, taps.CALLER, tap.name, tap.port))
        beginning.add(task)
        task.add_done_callback(beginning.discard)

    return lambda arrival: CallerWords(ears, partial(begin, arrival))


class CallerWords(Words):
    """One caller's words, over a tap that is begun with the first menu that listens and ends with the menu."""

    def __init__(self, ears: Ears, begin: Callable[[Tap], None]) -> None:
        super().__init__()
        self._ears = ears
        self._begin = begin
        self._tap: Tap | None = None

    def listen(self, what: Listen | None) -> bool:
        if what is None:
            self.close()
        return super().listen(what)

    def begin(self, what: Listen) -> bool:
        if self._tap is None:
            try:
                self._tap = self._ears.open(CALLER, self._told)
            except (NobodyListens, NoRoom) as no:
                log.info("a menu of keys only", reason=str(no))
                return False
            self._begin(self._tap)
        wishes = [(wish.key, wish.phrases) for wish in what.wishes] if what.wishes else None
        self._tap.ask(self.turn, wishes)
        return True

    def close(self) -> None:
        if self._tap is not None:
            self._tap.close()
            self._tap = None

    def _told(self, said: dict[str, Any]) -> None:
        if "over" in said:
            self._tap, self.speaking = None, False
        elif "speaking" in said:
            self.is_speaking(int(said["turn"]), bool(said["on"]))
        elif said.get("meant") in MEANINGS:
            self.said(int(said["turn"]), Spoke(said["meant"], str(said["key"]), bool(said["sure"])))
