"""One tap of a live call: sound comes in from a socket's thread, a thread of its own recognises it and tells what was said.

Whoever feeds it never waits: what cannot be recognised in time piles up for LATE_SECONDS at most, then the ear is over.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ivr.speaking import EVERYWHERE, PERSON, Wish
from speech.aftercare import simplified, written
from speech.audio import TELEPHONE_RATE, Samples, Sound
from speech.choosing import certain, meaning
from speech.cutting import CutStream
from speech.recogniser import Heard, HearsBriefly, Phrase, Recogniser, Stream

LATE_SECONDS = 10.0
BATCH_SECONDS = 0.1
LONGEST_TEXT = 400  # characters of one phrase; a recogniser that repeats itself says more
BYTES_A_SECOND = 2 * TELEPHONE_RATE
EXPECTED_ANSWERS = ("是的", "是", "对", "对的", "不是", "不对", "不要", "不", "好的", "要")

Tell = Callable[[dict[str, Any]], None]


class OneAtATime:
    """A recogniser whose utterances are heard for many threads, one after another; where it can, briefly."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._turn = threading.Lock()
        self.model, self.score_kind = recogniser.model, recogniser.score_kind
        self.cuts = isinstance(recogniser.stream(TELEPHONE_RATE), CutStream)
        """Whether it needs utterances cut for it; one that streams by itself is fed by many threads at once."""

    def hear(self, sound: Sound, words: Sequence[str], guess: bool = False) -> Heard:
        with self._turn:
            return self._recogniser.brief(sound, words, guess) if isinstance(self._recogniser, HearsBriefly) else self._recogniser.hear(sound)

    def stream(self, rate: int, words: Sequence[str] = (), guess: bool = False) -> Stream:
        """`words` are likely to be said; `guess` as in `HearsBriefly`."""
        if self.cuts:
            return CutStream(_Expecting(self, words, guess), rate)
        with self._turn:
            return self._recogniser.stream(rate)


@dataclass(frozen=True)
class _Expecting:
    """What a CutStream asks."""

    engine: OneAtATime
    words: Sequence[str]
    guess: bool

    def hear(self, sound: Sound) -> Heard:
        return self.engine.hear(sound, self.words, self.guess)


@dataclass(frozen=True)
class Question:
    """What a menu wants to know. `wishes` None: yes or no. Answers carry the `turn` they were meant for."""

    turn: int
    wishes: tuple[Wish, ...] | None


class Ear:
    """`sides`: one, or two whose samples come in turns (ChanSpy's D: from the channel, to the channel). `write` makes of an
    engine's raw words what a person reads."""

    def __init__(self, name: str, sides: Sequence[str], engine: OneAtATime, tell: Tell, write: Callable[[str], str] = written) -> None:
        self.name = name
        self.busy_since = 0.0
        """When what is being recognised now was begun; 0: nothing is."""
        self._sides = tuple(sides)
        self._engine = engine
        self._tell = tell
        self._write = write
        self._waiting: deque[bytes | Question] = deque()
        self._bytes = 0
        self._news = threading.Condition()
        self._question: Question | None = None
        self._speaking = ""
        self._came = self._ended = False
        self._thread = threading.Thread(target=self._run, name=f"ear-{name[:8]}", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def feed(self, data: bytes) -> None:
        """Sound as it came, 16 bit."""
        with self._news:
            if self._ended:
                return
            if not self._came:
                self._came = True
                self._tell({"came": self.name})
            self._waiting.append(data)
            self._bytes += len(data)
            if self._bytes > LATE_SECONDS * BYTES_A_SECOND * len(self._sides):
                self._over("late")
            elif self._bytes >= BATCH_SECONDS * BYTES_A_SECOND * len(self._sides):
                self._news.notify()

    def ask(self, question: Question) -> None:
        """From now on for this question; what was said before it is nobody's answer."""
        with self._news:
            self._waiting.clear()
            self._bytes = 0
            self._waiting.append(question)
            self._news.notify()

    def end(self, why: str) -> None:
        """The first reason counts."""
        with self._news:
            self._over(why)

    @property
    def ended(self) -> bool:
        return self._ended

    def _over(self, why: str) -> None:
        if not self._ended:
            self._ended = True
            self._waiting.clear()
            self._tell({"over": self.name, "why": why})
            self._news.notify()

    def _run(self) -> None:
        streams = self._streams()
        while (work := self._next()) is not None:
            if isinstance(work, Question):
                self._question = work
                streams = self._streams()
                self._now_speaking("")
                continue
            self.busy_since = time.monotonic()
            for side, samples in zip(self._sides, apart(work, len(self._sides)), strict=True):
                self._hear(side, streams[side], samples)
            self.busy_since = 0.0

    def _streams(self) -> dict[str, Stream]:
        words = expected(self._question) if self._question else ()
        guess = self._question is not None and self._question.wishes is not None  # yes and no are never guessed
        return {side: self._engine.stream(TELEPHONE_RATE, words, guess) for side in self._sides}

    def _next(self) -> bytes | Question | None:
        with self._news:
            self._news.wait_for(lambda: self._ended or bool(self._waiting))
            if self._ended:
                return None
            if isinstance(self._waiting[0], Question):
                return self._waiting.popleft()
            pieces = []
            while self._waiting and isinstance(self._waiting[0], bytes):
                pieces.append(self._waiting.popleft())
            self._bytes = 0
            return b"".join(pieces)  # type: ignore[arg-type]

    def _hear(self, side: str, stream: Stream, samples: Samples) -> None:
        phrases = stream.feed(samples)
        for phrase in phrases:
            if phrase.final and phrase.raw:
                self._said(side, phrase)
        open_now = stream.speaking if isinstance(stream, CutStream) else (not phrases[-1].final if phrases else self._speaking == side)
        if open_now != (self._speaking == side):
            self._now_speaking(side if open_now else "")

    def _now_speaking(self, side: str) -> None:
        self._speaking = side
        if self._question is not None:
            self._tell({"speaking": self.name, "turn": self._question.turn, "on": bool(side)})

    def _said(self, side: str, phrase: Phrase) -> None:
        raw = phrase.raw[:LONGEST_TEXT]
        if self._question is None:
            said = {"text": self._write(raw), "start": phrase.start_seconds, "end": phrase.end_seconds, "score": phrase.score}
            self._tell({"heard": self.name, "side": side, **said})
            return
        meant = meaning(simplified(raw), self._question.wishes, certain(phrase.score, self._engine.score_kind))
        if meant is not None:
            self._tell({"spoke": self.name, "turn": self._question.turn, "meant": meant.meant, "key": meant.key, "sure": meant.sure})


def expected(question: Question) -> tuple[str, ...]:
    """What callers are likely to say to it."""
    if question.wishes is None:
        return EXPECTED_ANSWERS
    return (*(phrase for wish in question.wishes for phrase in wish.phrases), *EVERYWHERE[PERSON])


def apart(data: bytes, sides: int) -> list[Samples]:
    """Each side's samples; what is left of a last, half group is lost."""
    samples = np.frombuffer(data[: len(data) // (2 * sides) * (2 * sides)], "<i2").astype(np.float32) / 32768.0
    return [samples[side::sides] for side in range(sides)]
