"""Waiting music where the city has put none of its own: a quiet pentatonic tune, computed here, so nobody holds rights to it.

Without any file Asterisk has no music class at all, and callers in a queue would wait in silence and hang up.
"""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

RATE = 8000
NOTE_SECONDS = 0.6
PEAK = 5000  # of 32767: speech before and after it stays louder
SCALE_HZ = (261.6, 293.7, 329.6, 392.0, 440.0, 523.3)  # C D E G A C
TUNE = (2, 3, 4, 3, 2, 1, 0, 1, 2, 4, 5, 4, 3, 2, 3, 1, 0, 2, 1, 3, 2, 4, 3, 5, 4, 2, 1, 2, 0, 1, 0, 0)


def ensure(folder: Path) -> None:
    """The folder holds at least one file Asterisk can play; a city's own files replace ours."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = folder / "waiting.wav"
    others = [path for path in folder.iterdir() if path.name != ours.name and not path.name.startswith(".")]
    if others:
        ours.unlink(missing_ok=True)
    elif not ours.exists():
        unfinished = folder / ".waiting.wav"
        with wave.open(str(unfinished), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(_tune().tobytes())
        unfinished.rename(ours)


def _tune() -> array[int]:
    samples = array("h")
    for note in TUNE:
        samples.extend(_note(SCALE_HZ[note]))
    return samples


def _note(hertz: float) -> list[int]:
    count = int(RATE * NOTE_SECONDS)
    return [int(PEAK * _loudness(at / count) * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(count)]


def _loudness(part: float) -> float:
    """Struck softly, then fading, silent at both ends so that notes do not click."""
    return min(1.0, part / 0.04) * (1 - part) ** 1.5
