"""Streaming for engines that have none: utterances are cut at pauses (Silero) and heard one by one.

The pause is looked for in the last 1.2 seconds only, four times a second: 10 ms of work each, however long one speaks.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from speech import vad
from speech.audio import Samples, Sound
from speech.recogniser import Heard, Phrase

STEP_SECONDS = 0.25
WINDOW_SECONDS = 1.2
PAUSE_SECONDS = 0.7  # shorter pauses are breath between words
LONGEST_SECONDS = 20.0  # then it is cut at its quietest place, within the last CHOICE_SECONDS
CHOICE_SECONDS = 4.0
LEAD_SECONDS = 0.5  # of what came before the first word; its beginning is often soft


class Hears(Protocol):
    """The part of a recogniser that this needs."""

    def hear(self, sound: Sound) -> Heard:
        """As `Recogniser.hear`."""


class CutStream:
    """A `Stream` over any recogniser's `hear`. Every phrase is final."""

    def __init__(self, recogniser: Hears, rate: int) -> None:
        self._recogniser = recogniser
        self._rate = rate
        self._held: Samples = np.zeros(0, np.float32)
        self._start = 0  # of what is held, in samples from the beginning
        self._unseen = 0
        self._speaking = False

    @property
    def speaking(self) -> bool:
        """Whether somebody has begun to speak and not yet paused."""
        return self._speaking

    def feed(self, samples: Samples) -> list[Phrase]:
        found: list[Phrase] = []
        step = int(STEP_SECONDS * self._rate)
        while len(samples):
            piece, samples = samples[: step - self._unseen], samples[step - self._unseen :]
            self._held = np.concatenate([self._held, piece.astype(np.float32)])
            self._unseen += len(piece)
            if self._unseen >= step:
                self._unseen = 0
                found += self._look()
        return found

    def finish(self) -> list[Phrase]:
        self._speaking = self._speaking or bool(self._spans(self._held))
        return self._cut(len(self._held)) if self._speaking else []

    def _look(self) -> list[Phrase]:
        window = self._held[-int(WINDOW_SECONDS * self._rate) :]
        spans = self._spans(window)
        self._speaking = self._speaking or bool(spans)
        if not self._speaking:
            self._drop(max(0, len(self._held) - int(LEAD_SECONDS * self._rate)))
            return []
        last_word = spans[-1].end_seconds if spans else 0.0
        if len(window) / self._rate - last_word >= PAUSE_SECONDS:
            return self._cut(len(self._held))
        if len(self._held) >= LONGEST_SECONDS * self._rate:
            return self._cut(self._quietest())
        return []

    def _cut(self, end: int) -> list[Phrase]:
        said = Sound(self._held[:end], self._rate)
        start = self._start / self._rate
        self._drop(end)
        self._speaking = False
        heard = self._recogniser.hear(said)
        if not heard.raw:
            return []
        return [Phrase(heard.raw, round(start, 2), round(start + said.seconds, 2), heard.score, final=True)]

    def _drop(self, count: int) -> None:
        self._held = self._held[count:]
        self._start += count

    def _quietest(self) -> int:
        """Where to cut somebody who takes no breath: the middle of the quietest tenth of a second near the end."""
        width = self._rate // 10
        late = self._held[-int(CHOICE_SECONDS * self._rate) :]
        power = [float(np.square(late[place : place + width]).mean()) for place in range(0, len(late) - width, width)]
        return len(self._held) - len(late) + int(np.argmin(power)) * width + width // 2

    def _spans(self, samples: Samples) -> list[vad.Span]:
        return vad.speech(Sound(samples, self._rate), PAUSE_SECONDS / 2) if len(samples) else []
