"""How loud speech is, by ITU-T P.56 (method B): the level of the time in which somebody speaks, whatever the pauses.

Every prompt ends at LEVEL_DBOV. 0 dBov is the power of a full-scale square wave (ITU-T G.100.1); in G.711 A-law, whose
full-scale sine has +3.14 dBm0, -20 dBov are -13.9 dBm0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speech.audio import Sound

LEVEL_DBOV = -20.0
PEAK_DBOV = -1.0  # louder than this is clipped somewhere on its way; what has such peaks stays a little quieter
GREATEST_GAIN_DB = 40.0
ENVELOPE_SECONDS = 0.03  # P.56: time constant of each of the two smoothings
HANGOVER_SECONDS = 0.2  # and how long an end of speech may be a gap between words
MARGIN_DB = 15.9  # between the level and the threshold that parts speech from noise
THRESHOLDS = 2.0 ** np.arange(-15, 0)
SILENCE_DBOV = -100.0


def active_level(sound: Sound) -> float:
    """Active speech level in dBov; SILENCE_DBOV where nothing is louder than the noise of 16 bits."""
    samples = sound.samples.astype(np.float64)
    energy = float((samples**2).sum())
    if energy == 0.0:
        return SILENCE_DBOV
    envelope = _envelope(np.abs(samples), sound.rate)
    hangover = int(HANGOVER_SECONDS * sound.rate)
    above: tuple[float, float] | None = None  # level and distance at the threshold before
    for threshold in THRESHOLDS:
        active = _active(envelope >= threshold, hangover)
        if active == 0:
            break
        level = 10 * np.log10(energy / active)
        distance = level - 20 * np.log10(threshold)
        if distance <= MARGIN_DB:
            return float(level if above is None else _between(above, (level, distance)))
        above = level, distance
    return SILENCE_DBOV if above is None else float(above[0])


def at_one_loudness(sound: Sound) -> Sound:
    """As loud as every other prompt. Silence stays silence."""
    level = active_level(sound)
    if level == SILENCE_DBOV:
        return sound
    peak = 20 * np.log10(float(np.abs(sound.samples).max()))
    gain = min(LEVEL_DBOV - level, PEAK_DBOV - peak, GREATEST_GAIN_DB)
    return Sound((sound.samples * 10 ** (gain / 20)).astype(np.float32), sound.rate)


def _envelope(rectified: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Smoothed twice by one pole each; as one convolution, whose kernel is that of both poles."""
    keep = np.exp(-1.0 / (rate * ENVELOPE_SECONDS))
    at = np.arange(int(12 * ENVELOPE_SECONDS * rate))
    kernel = (1 - keep) ** 2 * (at + 1) * keep**at
    size = len(rectified) + len(kernel)
    smooth = np.fft.irfft(np.fft.rfft(rectified, size) * np.fft.rfft(kernel, size), size)
    return smooth[: len(rectified)]


def _active(loud: NDArray[np.bool_], hangover: int) -> int:
    """How many samples are loud or follow a loud one within the hangover."""
    places = np.flatnonzero(loud)
    if not len(places):
        return 0
    return int(np.minimum(np.diff(places, append=len(loud)), hangover + 1).sum())


def _between(above: tuple[float, float], below: tuple[float, float]) -> float:
    """The level where the distance is the margin: between two thresholds, which are 6 dB apart."""
    share = (above[1] - MARGIN_DB) / (above[1] - below[1])
    return above[0] + share * (below[0] - above[0])
