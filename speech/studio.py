"""A workstation's microphone and loudspeaker, for recording a city's own prompts. A server has neither, so they are asked for late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from speech import audio, prompts
from speech.audio import Sound

RATE = 48_000
LONGEST_SECONDS = 120.0
SILENCE_DB = -40.0  # below the loudest 20 ms: before the first word and after the last
MARGIN_SECONDS = 0.15


class StudioError(Exception):
    """No sound card, or it refused; the message says what to do."""


def record(seconds: float) -> Sound:
    """What the microphone hears; Ctrl-C ends it earlier. Raises StudioError."""
    card = _sound_card()
    frames = int(min(seconds, LONGEST_SECONDS) * RATE)
    try:
        taken = card.rec(frames, samplerate=RATE, channels=1, dtype="float32")
        try:
            card.wait()
        except KeyboardInterrupt:
            card.stop()
    except card.PortAudioError as error:
        raise StudioError(f"the microphone cannot be used: {error}") from error
    return trimmed(Sound(np.asarray(taken, np.float32)[:, 0], RATE))


def play(path: Path) -> Sound:
    """Plays a prompt to its end. Raises StudioError, audio.AudioError, OSError."""
    sound = audio.read(path, LONGEST_SECONDS)
    card = _sound_card()
    try:
        card.play(sound.samples, sound.rate)
        card.wait()
    except card.PortAudioError as error:
        raise StudioError(f"the loudspeaker cannot be used: {error}") from error
    return sound


def save(city: Path, name: str, sound: Sound, language: str = prompts.LANGUAGE) -> Path:
    """Puts a take where the next rendering finds it. Raises StudioError for silence, PromptsError for an unknown id."""
    if name not in prompts.texts(city):
        raise prompts.PromptsError(f"{city / 'prompts.yaml'}: there is no prompt {name!r}")
    if sound.seconds < 0.3 or float(np.abs(sound.samples).max(initial=0.0)) < 0.003:
        raise StudioError("nothing was heard; nothing was saved")
    place = city / "recordings" / language / f"{name}.wav"
    audio.write_wav(place, sound)
    return place


def trimmed(sound: Sound) -> Sound:
    """Without the silence before the first word and after the last."""
    width = sound.rate // 50
    count = len(sound.samples) // width
    if count == 0:
        return sound
    power = (sound.samples[: count * width].reshape(count, width).astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DB / 10))
    if not len(loud) or power.max() == 0.0:
        return Sound(sound.samples[:0], sound.rate)
    margin = int(MARGIN_SECONDS * sound.rate)
    start, end = max(0, loud[0] * width - margin), (loud[-1] + 1) * width + margin
    return Sound(sound.samples[start:end], sound.rate)


def _sound_card() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise StudioError(f"no sound system here ({error}); install libportaudio2, or record on a workstation") from error
    return sounddevice
