"""speech.ears with an engine that knows five words by their pitch: python -m tests.speech.toy_ears CHOICE

`Choice.model` says how it goes wrong: `slow` takes its time with each word, `stuck` never ends one.
"""

from __future__ import annotations

import sys
import threading

import numpy as np

from speech import ears
from speech.audio import Samples, Sound
from speech.choice import Choice
from speech.recogniser import Heard, Phrase, Recogniser
from speech.worker import in_a_process_of_its_own

WORDS = {300: "投诉", 500: "着火了", 700: "今天天气真好", 900: "是的", 1100: "不是"}
GAP_SECONDS = 0.3


class PitchStream:
    def __init__(self, rate: int, seconds: float) -> None:
        self._rate, self._seconds = rate, seconds
        self._said: list[Samples] = []
        self._fed = self._quiet = 0

    def feed(self, samples: Samples) -> list[Phrase]:
        found: list[Phrase] = []
        for start in range(0, len(samples), 80):
            piece = samples[start : start + 80]
            self._fed += len(piece)
            if float(np.abs(piece).max()) > 0.05:
                self._said.append(piece)
                self._quiet = 0
                continue
            self._quiet += len(piece)
            if self._said and self._quiet >= GAP_SECONDS * self._rate:
                found += self.finish()
        return found or ([Phrase("…", 0.0, 0.0, 0.0, final=False)] if self._said else [])

    def finish(self) -> list[Phrase]:
        said, self._said = np.concatenate(self._said), []
        threading.Event().wait(self._seconds)
        spectrum = np.abs(np.fft.rfft(said))
        pitch = float(np.argmax(spectrum)) * self._rate / len(said)
        word = WORDS[min(WORDS, key=lambda known: abs(known - pitch))]
        end = self._fed / self._rate
        return [Phrase(word, round(end - len(said) / self._rate, 2), round(end, 2), 0.0, final=True)]


class Pitch:
    engine, model, language, score_kind = "pitch", "toy", "zh", "none"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def hear(self, sound: Sound) -> Heard:
        return Heard("", (), 0.0)

    def stream(self, rate: int) -> PitchStream:
        return PitchStream(rate, self._seconds)


def load(choice: Choice) -> Recogniser:
    return Pitch({"slow": 1.0, "stuck": 3600.0}.get(choice.model, 0.0))


if __name__ == "__main__":
    ears.load = load
    sys.exit(in_a_process_of_its_own(ears.serve, 0))
