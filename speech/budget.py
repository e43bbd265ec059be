"""How many live streams this machine can recognise beside its calls: measured with the installed recogniser at its start.

A stream is one side of one call whose speaker never stops, the worst that can come. Half of the machine is left to calls.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from speech import audio
from speech.audio import TELEPHONE_RATE, Samples, Sound
from speech.ear import OneAtATime

SHARE = 0.5  # of all cores
SAMPLE_SECONDS = 12.0
PAUSE = np.zeros(int(0.8 * TELEPHONE_RATE), np.float32)
STEP = TELEPHONE_RATE // 10
UNMEASURED = 0.6  # of a core a stream, where there is no speech to measure with


def sample(paths: Iterable[Path]) -> Samples:
    """Some seconds of telephone speech out of these files; empty where none can be read."""
    pieces: list[Samples] = []
    for path in paths:
        try:
            sound = audio.read(path, 60.0)
        except (audio.AudioError, OSError):
            continue
        pieces += [audio.resampled(sound, TELEPHONE_RATE).samples, PAUSE]
        if sum(map(len, pieces)) >= SAMPLE_SECONDS * TELEPHONE_RATE:
            break
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def cost(engine: OneAtATime, samples: Samples) -> float:
    """Seconds of processor time for a second of one stream."""
    if not len(samples):
        return UNMEASURED
    engine.hear(Sound(samples[: 2 * TELEPHONE_RATE], TELEPHONE_RATE), ())  # what is loaded with the first words is no stream's cost
    began = time.process_time()
    stream = engine.stream(TELEPHONE_RATE)
    for start in range(0, len(samples), STEP):
        stream.feed(samples[start : start + STEP])
    stream.finish()
    return (time.process_time() - began) / (len(samples) / TELEPHONE_RATE)


def streams(cost_each: float, cores: int, one_at_a_time: bool) -> int:
    """So many may be open at once. An engine that hears one utterance after another has one core, however many there are."""
    share = SHARE * cores
    return int((min(share, 1.0) if one_at_a_time else share) / max(cost_each, 0.001))
