"""Cuts what is no speech out of a recording before it is recognised, and finds each moment in the recording again.

Silence and the tones of a telephone network are words to some engines, and time to all. What is left is the speech with a
little air around it; a cut leaves a short gap, so that words on its two sides do not become one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from speech.audio import TELEPHONE_RATE, Sound, resampled
from speech.recogniser import Word
from speech.vad import PAD_SECONDS, Span

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)  # ITU-T Q.23, Hz
SINGLE = (450.0, 1100.0, 2100.0)  # ringing and busy in China (GB 3380), CNG and CED of fax machines (ITU-T T.30)
FRAME_SECONDS, STEP_SECONDS = 0.025, 0.0125
PAIR_SHARE = 0.7  # of a frame's power; a telephone whose keys are 1.5 % off has this much left
SINGLE_SHARE = 0.9
TWIST = 16.0  # one of the two is at most 12 dB stronger than the other
LEAST_PAIR_SECONDS = 0.05  # Q.24: shorter is no key
LEAST_SINGLE_SECONDS = 0.25  # a hummed vowel is steady for less
LEAST_POWER = 1e-6  # -60 dBFS: quieter is nobody's key
GAP_SECONDS = 0.1
BLOCK_FRAMES = 1 << 13  # an hour is looked at in parts


@dataclass(frozen=True)
class Piece:
    """What was kept: from `start_seconds` of the recording on, at `at_seconds` of the cut sound."""

    start_seconds: float
    at_seconds: float
    seconds: float


@dataclass(frozen=True)
class Trimmed:
    """The sound that is left, and where it came from."""

    sound: Sound
    pieces: tuple[Piece, ...]

    def back(self, seconds: float) -> float:
        """A moment of the cut sound as a moment of the recording; within a gap, the end of what came before it."""
        at = bisect_right([piece.at_seconds for piece in self.pieces], seconds) - 1
        piece = self.pieces[max(at, 0)]
        return piece.start_seconds + min(max(seconds - piece.at_seconds, 0.0), piece.seconds)

    def placed(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Words of the cut sound with their times in the recording."""
        return tuple(
            replace(word, start_seconds=round(self.back(word.start_seconds), 2), end_seconds=round(self.back(word.end_seconds), 2))
            for word in words
        )  # fmt: skip


def trimmed(sound: Sound, spoken: Sequence[Span]) -> Trimmed:
    """The parts in which somebody speaks (`vad.speech`), each with PAD_SECONDS around it, without tones."""
    parts: list[Sound] = []
    pieces: list[Piece] = []
    at = 0
    gap = Sound(np.zeros(int(GAP_SECONDS * sound.rate), np.float32), sound.rate)
    for span in without(padded(spoken, sound.seconds), tones(sound)):
        start, end = int(span.start_seconds * sound.rate), int(span.end_seconds * sound.rate)
        if pieces:
            parts.append(gap)
            at += len(gap.samples)
        parts.append(Sound(sound.samples[start:end], sound.rate))
        pieces.append(Piece(start / sound.rate, at / sound.rate, (end - start) / sound.rate))
        at += end - start
    if not pieces:
        return Trimmed(Sound(sound.samples[:0], sound.rate), (Piece(0.0, 0.0, 0.0),))
    return Trimmed(Sound(np.concatenate([part.samples for part in parts]), sound.rate), tuple(pieces))


def padded(spans: Sequence[Span], seconds: float) -> list[Span]:
    """Each with air on both sides; those that touch then are one."""
    wide: list[Span] = []
    for span in spans:
        start, end = max(0.0, span.start_seconds - PAD_SECONDS), min(seconds, span.end_seconds + PAD_SECONDS)
        if wide and start <= wide[-1].end_seconds:
            start = wide.pop().start_seconds
        wide.append(Span(start, end))
    return wide


def without(spans: Sequence[Span], cut: Sequence[Span]) -> list[Span]:
    """What of the spans lies outside the cuts; both in order."""
    left: list[Span] = []
    for span in spans:
        start = span.start_seconds
        for hole in cut:
            if start < hole.end_seconds and hole.start_seconds < span.end_seconds:
                left.append(Span(start, max(start, hole.start_seconds)))
                start = min(span.end_seconds, hole.end_seconds)
        left.append(Span(start, span.end_seconds))
    return [span for span in left if span.seconds >= LEAST_PAIR_SECONDS]


def tones(sound: Sound) -> list[Span]:
    """Keys (DTMF), ringing and busy signals, fax machines: where one or two steady tones are nearly all there is."""
    heard = resampled(sound, TELEPHONE_RATE).samples
    width, step = int(FRAME_SECONDS * TELEPHONE_RATE), int(STEP_SECONDS * TELEPHONE_RATE)
    if len(heard) < width:
        return []
    frames = np.lib.stride_tricks.sliding_window_view(heard, width)[::step]
    window = np.hanning(width).astype(np.float32)
    kinds = [_kinds(frames[start : start + BLOCK_FRAMES], window) for start in range(0, len(frames), BLOCK_FRAMES)]
    found = [
        *_runs(np.concatenate([pair for pair, _ in kinds]), LEAST_PAIR_SECONDS),
        *_runs(np.concatenate([single for _, single in kinds]), LEAST_SINGLE_SECONDS),
    ]
    return sorted(found, key=lambda span: span.start_seconds)


def _kinds(frames: NDArray[np.float32], window: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of each frame the key, and the single tone, that it nearly wholly is; -1: none."""
    power = (frames**2) @ window**2 / float((window**2).sum())
    (low, low_power), (high, high_power), (single, single_power) = (_strongest(frames, window, group) for group in (LOW, HIGH, SINGLE))
    twisted = np.maximum(low_power, high_power) > TWIST * np.minimum(low_power, high_power)
    is_pair = (power > LEAST_POWER) & ~twisted & (low_power + high_power > PAIR_SHARE * power)
    is_single = (power > LEAST_POWER) & (single_power > SINGLE_SHARE * power)
    return np.where(is_pair, low * len(HIGH) + high, -1), np.where(is_single, single, -1)


def _strongest(frames: NDArray[np.float32], window: NDArray[np.float32], group: Sequence[float]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which tone of the group is strongest in each frame, and its power: what a pure one of that power would show."""
    time = np.arange(len(window)) / TELEPHONE_RATE
    waves = np.exp(-2j * np.pi * np.outer(time, group)) * window[:, None]
    power = 2 * np.abs(frames @ waves) ** 2 / float(window.sum()) ** 2
    return power.argmax(axis=1), power.max(axis=1)


def _runs(kinds: NDArray[np.intp], least_seconds: float) -> Iterator[Span]:
    """Stretches of one kind, -1 being none, that last long enough."""
    edges = np.flatnonzero(np.diff(kinds)) + 1
    for start, end in zip([0, *edges], [*edges, len(kinds)], strict=True):
        seconds = (end - start - 1) * STEP_SECONDS + FRAME_SECONDS
        if kinds[start] >= 0 and seconds >= least_seconds:
            yield Span(start * STEP_SECONDS, start * STEP_SECONDS + seconds)
