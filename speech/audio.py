"""Reads whatever sound a hotline meets (PCM, A-law, µ-law, GSM, headers left unfinished) and writes what Asterisk plays."""

from __future__ import annotations

import io
import os
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TELEPHONE_RATE = 8000
MAXIMUM_BYTES = 256 * 1024**2
MAXIMUM_SECONDS = 4 * 3600.0
BLOCK_FRAMES = 1 << 16
RATES = (4000, 192_000)
RAW = {".alaw": "ALAW", ".al": "ALAW", ".ulaw": "ULAW", ".ul": "ULAW", ".gsm": "GSM610", ".sln": "PCM_16"}  # Asterisk's names


class AudioError(Exception):
    """A sound file cannot be used; the message names it and says why."""


class AudioEmpty(AudioError):
    """It holds no sound at all."""


class AudioUnreadable(AudioError):
    """It is not a sound file, or cut off before any sound, or of a kind nobody reads."""


class AudioTooLarge(AudioError):
    """Longer or larger than anything a caller could have left."""


@dataclass(frozen=True)
class Sound:
    """Samples between -1 and 1, one channel."""

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def read(path: Path, maximum_seconds: float = MAXIMUM_SECONDS) -> Sound:
    """The sound of a file, its channels mixed to one. Raises AudioError, OSError."""
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        raise AudioTooLarge(f"{path.name}: {size} bytes, at most {MAXIMUM_BYTES}")
    data = path.read_bytes()
    if not data:
        raise AudioEmpty(f"{path.name}: the file is empty")
    raw = RAW.get(path.suffix.lower())
    if raw is not None and not data.startswith(b"RIFF"):
        samples, rate = _decode(path, data, raw, maximum_seconds)
    else:
        samples, rate = _decode(path, mended(data, path.name), None, maximum_seconds)
    if not len(samples):
        raise AudioEmpty(f"{path.name}: no sound behind its header")
    if not np.isfinite(samples).all():
        raise AudioUnreadable(f"{path.name}: holds values that are no numbers")
    return Sound(samples, rate)


def mended(data: bytes, name: str) -> bytes:
    """A WAV whose sizes say what is really there: Asterisk fills them in at the end, which a crash prevents. Others as they are."""
    if not data.startswith(b"RIFF"):
        return data
    if len(data) < 12 or data[8:12] != b"WAVE":
        raise AudioUnreadable(f"{name}: cut off inside its header")
    place, has_format = 12, False
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        there = len(data) - place - 8
        if kind == b"data":
            if not has_format:
                raise AudioUnreadable(f"{name}: sound before its format")
            if 0 < size <= there:
                return data
            return data[:4] + struct.pack("<I", len(data) - 8) + data[8 : place + 4] + struct.pack("<I", there) + data[place + 8 :]
        has_format = has_format or (kind == b"fmt " and 16 <= size <= there)
        place += 8 + size + size % 2
    raise AudioUnreadable(f"{name}: cut off inside its header")


def _decode(path: Path, data: bytes, raw: str | None, maximum_seconds: float) -> tuple[Samples, int]:
    kind = {"format": "RAW", "subtype": raw, "samplerate": TELEPHONE_RATE, "channels": 1} if raw else {}
    try:
        with soundfile.SoundFile(io.BytesIO(data), **kind) as file:
            rate: int = file.samplerate
            if not RATES[0] <= rate <= RATES[1]:
                raise AudioUnreadable(f"{path.name}: {rate} samples a second; {RATES[0]} to {RATES[1]} are read")
            blocks, frames = [], 0
            while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):  # GSM does not know its length before
                blocks.append(block.mean(axis=1, dtype=np.float32))
                frames += len(block)
                if frames > maximum_seconds * rate:
                    raise AudioTooLarge(f"{path.name}: longer than {maximum_seconds:.0f} s")
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise AudioUnreadable(f"{path.name}: {getattr(error, 'error_string', error)}") from error
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), rate


def resampled(sound: Sound, rate: int) -> Sound:
    if sound.rate == rate:
        return sound
    return Sound(soxr.resample(sound.samples, sound.rate, rate).astype(np.float32), rate)


def levelled(sound: Sound, speech_dbfs: float = -20.0, peak_dbfs: float = -3.0, greatest_gain_db: float = 40.0) -> Sound:
    """As loud as the others: its speech (not its pauses) at one level, its peaks below clipping. Silence stays silence."""
    peak = float(np.abs(sound.samples).max(initial=0.0))
    level = speech_level(sound)
    if peak == 0.0 or level == 0.0:
        return sound
    gain = min(_ratio(speech_dbfs) / level, _ratio(peak_dbfs) / peak, _ratio(greatest_gain_db))
    return Sound((sound.samples * gain).astype(np.float32), sound.rate)


def speech_level(sound: Sound) -> float:
    """RMS of the 20 ms frames that are within 25 dB of the loudest one."""
    width = sound.rate // 50
    count = len(sound.samples) // width
    if count == 0:
        return float(np.sqrt(np.mean(sound.samples**2))) if len(sound.samples) else 0.0
    power = (sound.samples[: count * width].reshape(count, width).astype(np.float64) ** 2).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() * _ratio(-25.0) ** 2].mean()))


def write_wav(path: Path, sound: Sound) -> None:
    """16 bit PCM mono, put in place by a rename: nobody ever plays half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes((np.clip(sound.samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes())
    part.replace(path)


def _ratio(decibels: float) -> float:
    return float(10.0 ** (decibels / 20.0))
