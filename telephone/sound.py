"""Sound as numbers: clips, tones, and the proof that what was heard is what was played."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000  # telephone band
Samples = NDArray[np.int16]

# ITU-T Q.23: rows and columns of the keypad, Hz.
_ROWS: Final = (697, 770, 852, 941)
_COLUMNS: Final = (1209, 1336, 1477)
_KEYPAD: Final = "123456789*0#"


class SoundError(Exception):
    """A clip cannot be used; the message says why."""


@dataclass(frozen=True)
class Match:
    """How like a clip something heard is (1.0: the same but for loudness), and at which sample it begins."""

    correlation: float
    at: int


def read(path: Path) -> Samples:
    """A WAV of 8 kHz, 16 bit, mono. Raises SoundError for anything else."""
    try:
        with wave.open(str(path), "rb") as clip:
            shape = (clip.getframerate(), clip.getsampwidth(), clip.getnchannels())
            if shape != (RATE, 2, 1):
                raise SoundError(f"{path}: expected 8000 Hz, 16 bit, mono; got {shape}")
            return np.frombuffer(clip.readframes(clip.getnframes()), dtype="<i2").astype(np.int16)
    except (OSError, EOFError, wave.Error) as error:
        raise SoundError(f"{path}: {error}") from error


def write(path: Path, samples: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as clip:
        clip.setframerate(RATE)
        clip.setsampwidth(2)
        clip.setnchannels(1)
        clip.writeframes(samples.astype("<i2").tobytes())


def match(heard: Samples, clip: Samples) -> Match:
    """The best place of `clip` in `heard`, by normalised cross-correlation."""
    if len(clip) == 0 or len(heard) < len(clip):
        return Match(0.0, 0)
    long, short = heard.astype(np.float64), clip.astype(np.float64)
    size = 1 << (len(long) + len(short) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)
    products = products[: len(long) - len(short) + 1]
    sums = np.concatenate(([0.0], np.cumsum(long**2)))
    energies = sums[len(short) :] - sums[: len(long) - len(short) + 1]
    audible = energies > len(short) * 16.0  # a window quieter than this is line noise, and would divide by nothing
    likeness = np.where(audible, products / np.sqrt(np.maximum(energies, 1.0) * max(float(short @ short), 1.0)), 0.0)
    best = int(np.argmax(likeness))
    return Match(float(likeness[best]), best)


def share(heard: Samples, clip: Samples, *, piece_seconds: float = 0.25, like: float = 0.9) -> float:
    """How much of a clip was heard, piece by piece: for a line that may lose a packet but not a word."""
    size = int(piece_seconds * RATE)
    pieces = [clip[at : at + size] for at in range(0, len(clip) - size + 1, size)]
    return sum(match(heard, piece).correlation >= like for piece in pieces) / len(pieces) if pieces else 0.0


def audible(heard: Samples, *, threshold: int = 100) -> bool:
    """Whether anything but line noise is in it."""
    return bool((np.abs(heard.astype(np.int32)) > threshold).any())


def tone(heard: Samples, *, windows: int = 5) -> int | None:
    """The sample at which one steady tone had lasted for 0.25 s; None where only voices are heard, whose vowels waver."""
    size, lasted, before = RATE // 20, 0, -9
    for end in range(size, len(heard) + 1, size):
        power = np.abs(np.fft.rfft(heard[end - size : end] * np.hanning(size))) ** 2
        peak = int(np.argmax(power))
        pure = audible(heard[end - size : end], threshold=500) and power[max(0, peak - 2) : peak + 3].sum() > 0.97 * power.sum()
        lasted = lasted + 1 if pure and (lasted == 0 or peak == before) else int(pure)
        before = peak
        if lasted == windows:
            return end
    return None


def opening(clip: Samples, seconds: float, *, threshold: int = 300) -> Samples:
    """The first `seconds` of a clip, counted from where it becomes audible."""
    loud = np.flatnonzero(np.abs(clip.astype(np.int32)) > threshold)
    start = int(loud[0]) if len(loud) else 0
    return clip[start : start + int(seconds * RATE)]


def keys(pressed: str, *, tone_seconds: float = 0.1, gap_seconds: float = 0.1) -> Samples:
    """Keys as in-band tones (ITU-T Q.23)."""
    parts: list[Samples] = []
    for key in pressed:
        if key not in _KEYPAD:
            raise SoundError(f"{key!r} is no key of a telephone")
        row, column = divmod(_KEYPAD.index(key), 3)
        parts += [_tones((_ROWS[row], _COLUMNS[column]), tone_seconds), silence(gap_seconds)]
    return np.concatenate(parts) if parts else silence(0)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def babble(seconds: float, seed: int) -> Samples:
    """Noise with the rhythm of syllables: unlike any other seed's, loud enough not to count as silence."""
    source = np.random.default_rng(seed)
    count = int(seconds * RATE)
    noise = np.convolve(source.standard_normal(count + 7), np.hanning(8), mode="valid")[:count]
    syllables = np.repeat(source.uniform(0.25, 1.0, count // 1200 + 1), 1200)[:count]
    return np.clip(noise * syllables * 2500, -20000, 20000).astype(np.int16)


def _tones(frequencies: tuple[int, ...], seconds: float) -> Samples:
    time = np.arange(int(seconds * RATE)) / RATE
    mixed = sum((np.sin(2 * np.pi * frequency * time) for frequency in frequencies), np.zeros(len(time)))
    return (mixed * 7000).astype(np.int16)
