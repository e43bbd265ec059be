"""What callers say beside the keys, as whoever listens to them tells it: a port, so that this room needs no recogniser.

    words = listener(arrival)                  # one caller's; `Words()` itself: nobody listens
    words.listen(ask.listen)                   # the session, with each question; whether somebody listens now. Never waits
    words.said(turn, spoke)                    # whoever listens
    words.is_speaking(turn, True)

Keys are older and surer than words: the session looks for a key first. What is told of a question before is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

from agi.keys import Watch
from ivr.events import Listen, Spoke

Wake = Callable[[], Coroutine[object, object, object]]


class Words:
    """One caller's; a subclass brings the listener."""

    def __init__(self) -> None:
        self.turn = 0
        self.speaking = False
        """Whether the caller has begun to speak, or what they said is still being recognised."""
        self._said: Spoke | None = None
        self._watch: Watch | None = None
        self._patient = False

    def listen(self, what: Listen | None) -> bool:
        """A new question: from now on for this, or for nothing."""
        self.turn += 1
        self.speaking, self._said = False, None
        return what is not None and self.begin(what)

    def begin(self, what: Listen) -> bool:
        """Whether somebody listens; must return at once."""
        return False

    def close(self) -> None:
        """The caller has left the menu."""

    def said(self, turn: int, what: Spoke) -> None:
        """Of several the last; but nothing unclear takes the place of what was understood."""
        if turn != self.turn or (self._said is not None and what.meant == "unclear"):
            return
        self._said = what
        if self._watch is not None and not (self._patient and what.meant == "unclear"):
            self._watch.begin()

    def is_speaking(self, turn: int, on: bool) -> None:
        if turn == self.turn:
            self.speaking = on

    def take(self) -> Spoke | None:
        """What was said to this question, once."""
        said, self._said = self._said, None
        return said

    @contextmanager
    def watched(self, wake: Wake, *, patient: bool) -> Iterator[None]:
        """Inside, what is understood starts `wake`, which ends the Ask. `patient`: a prompt is playing, and goes on over
        what means nothing here; a voice in the room must not keep the caller from hearing it."""
        watch = self._watch = Watch(0.0, wake)
        self._patient = patient
        if self._said is not None and not (patient and self._said.meant == "unclear"):
            watch.begin()
        try:
            yield
        finally:
            self._watch = None
            watch.end()
