"""Finds speech in a recording (Silero, which comes with faster-whisper), so that no engine is asked what silence says."""

from __future__ import annotations

from dataclasses import dataclass

from speech.audio import Sound, levelled, resampled

RATE = 16_000
LEAST_SECONDS = 0.25  # less than a syllable is a click
PAD_SECONDS = 0.3
PAUSE_SECONDS = 1.0
GREATEST_GAIN_DB = 30.0  # more would make a quiet line's noise into a voice


@dataclass(frozen=True)
class Span:
    start_seconds: float
    end_seconds: float

    @property
    def seconds(self) -> float:
        return self.end_seconds - self.start_seconds


def speech(sound: Sound, pause_seconds: float = PAUSE_SECONDS) -> list[Span]:
    """When somebody speaks, unpadded; what is nearer together than `pause_seconds` is one span."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    heard = levelled(resampled(sound, RATE), greatest_gain_db=GREATEST_GAIN_DB)
    options = VadOptions(
        threshold=0.5,
        min_speech_duration_ms=int(LEAST_SECONDS * 1000),
        min_silence_duration_ms=int(pause_seconds * 1000),
        speech_pad_ms=0,
    )
    return [Span(found["start"] / RATE, found["end"] / RATE) for found in get_speech_timestamps(heard.samples, options)]
