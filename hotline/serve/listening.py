"""Finds messages that are still being left and has them listened to: words of an emergency do not wait for the hang-up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from hotline.serve.beside import Beside
from hotline.settings import Settings
from queues.events import Events
from speech import engines
from speech.choice import Choice
from speech.listening import Heard, Listening
from speech.recogniser import EngineUnusable
from tickets.spool import Item, Spool, SpoolError

LOOK_SECONDS = 1.0
LEAST_SECONDS = 6.0  # shorter messages are over before a word of theirs would be text
BYTES_A_SECOND = 16_000

log = structlog.get_logger(__name__)


class EmergencyWatch(Beside):
    """Of the worker process. `with EmergencyWatch(settings): …`

    One message at a time, the longest first: recognising costs a quarter of a core for each, and messages that are
    not followed are recognised when they are over, as ever.
    """

    def __init__(self, settings: Settings, listening: Listening | None = None) -> None:
        super().__init__("emergency-watch", daemon=True)
        self._spool = Spool(settings.spool)
        self._events = Events(settings.home)
        self._listening = listening or Listening(lambda: _choice(settings))
        self._done: set[str] = set()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listening.close()
        super().__exit__()
        self._events.close()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            path = self._longest()
            if path is None:
                continue
            self._done.add(path.name)
            try:
                self._listening.follow(path, self._teller(path))
            except EngineUnusable as error:
                log.warning("nobody listens while messages are left; they are recognised afterwards", reason=str(error))
                return

    def _longest(self) -> Path | None:
        """The message that has been going on for longest, if anybody has been speaking for a while."""
        growing = {path: _size(path) for path in self._spool.tmp.glob("*.wav")}
        self._done &= {path.name for path in growing}
        new = [path for path, size in growing.items() if size >= LEAST_SECONDS * BYTES_A_SECOND and path.name not in self._done]
        return max(new, key=lambda path: growing[path], default=None)

    def _teller(self, path: Path) -> Callable[[Heard], None]:
        item = _item(path)
        began = _began(path)
        told: set[str] = set()

        def tell(heard: Heard) -> None:
            new = [(kind, words) for kind, words in heard.alarms if kind not in told]
            if not new:
                return
            told.update(kind for kind, _ in new)
            data = {
                "name": "emergency_words", "item": item.item, "linkedid": item.linkedid, "path": item.path, "caller": item.caller,
                "kinds": [kind for kind, _ in new], "words": [words for _, words in new],
                "behind_seconds": round(max(0.0, time.time() - began - heard.end_seconds), 1),
            }  # fmt: skip
            self._events.say("alarm", data)
            log.warning("emergency words in a message that is still being left", **{k: v for k, v in data.items() if k != "caller"})

        return tell


def _choice(settings: Settings) -> Choice:
    wish = settings.file.speech
    return engines.choose(settings, wish.engine, wish.model, wish.input_path, wish.hotwords)


def _item(path: Path) -> Item:
    try:
        return Item.load(path.with_suffix(".json"))
    except (OSError, SpoolError):
        return Item(item=path.stem, kind="voicemail")


def _began(path: Path) -> float:
    """About when the recording began: its description is written just before."""
    try:
        return path.with_suffix(".json").stat().st_mtime
    except OSError:
        return time.time()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
