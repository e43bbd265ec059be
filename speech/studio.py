"""A workstation's microphone and loudspeaker, for recording a city's own prompts. A server has neither, so they are asked for late."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from speech import audio, prompts
from speech.audio import Samples, Sound

RATE = 48_000
BLOCK = RATE // 20
SILENT_CARD_SECONDS = 5.0
LONGEST_SECONDS = 120.0
SILENCE_DB = -40.0  # below the loudest 20 ms: before the first word and after the last
MARGIN_SECONDS = 0.15
METER_FLOOR_DB, TOO_SOFT_DB, TOO_LOUD_DB = -60.0, -30.0, -1.0


class StudioError(Exception):
    """No sound card, or it refused; the message says what to do."""


def record(card: Any, seconds: float, meter: Callable[[float], None] = lambda dbfs: None, stop: threading.Event | None = None) -> Sound:
    """What the microphone hears, without the silence around it; Ctrl-C or `stop` ends it earlier. Raises StudioError.

    `card` is `soundcard.open_card`'s; `meter` is told the loudest of the last moment in dBFS, about twenty times a second.
    """
    wanted = int(min(seconds, LONGEST_SECONDS) * RATE)
    taken: list[Samples] = []
    heard: queue.Queue[Samples] = queue.Queue()
    try:
        with card.InputStream(samplerate=RATE, channels=1, dtype="int16", blocksize=BLOCK, callback=lambda block, *_: heard.put(block[:, 0] / np.float32(32768))):
            while sum(map(len, taken)) < wanted and not (stop and stop.is_set()):
                taken.append(heard.get(timeout=SILENT_CARD_SECONDS))
                meter(20 * math.log10(max(float(np.abs(taken[-1]).max(initial=0.0)), 1e-5)))
    except queue.Empty:
        raise StudioError(f"the microphone gave no sound for {SILENT_CARD_SECONDS:.0f} s") from None
    except KeyboardInterrupt:
        pass  # the speaker is done
    except card.PortAudioError as error:
        raise StudioError(f"the microphone cannot be used: {error}") from error
    return trimmed(Sound(np.concatenate(taken)[:wanted] if taken else np.zeros(0, np.float32), RATE))


def play(card: Any, sound: Sound) -> None:
    """Plays it to its end. Raises StudioError."""
    try:
        samples = np.clip(audio.resampled(sound, RATE).samples, -1.0, 1.0)  # few cards can do 8 kHz, all can do 16 bit
        card.play((samples * 32767.0).astype(np.int16), RATE)
        card.wait()
    except card.PortAudioError as error:
        raise StudioError(f"the loudspeaker cannot be used: {error}") from error


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
