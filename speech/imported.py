"""Recordings that a city brings from elsewhere: a studio's WAV or FLAC, a telephone's MP3 or M4A."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from speech import audio
from speech.audio import AudioEmpty, AudioTooLarge, AudioUnreadable, Sound

# By the file's name and not by looking inside: FFmpeg would also open playlists, and what they point to.
CONTAINERS = {".m4a": "mp4", ".mp4": "mp4", ".aac": "aac", ".ogg": "ogg", ".opus": "ogg"}
KINDS = (".wav", ".flac", ".mp3", *CONTAINERS)


def read(path: Path, maximum_seconds: float) -> Sound:
    """Any of KINDS as one channel. Raises AudioError, OSError."""
    container = CONTAINERS.get(path.suffix.lower())
    return audio.read(path, maximum_seconds) if container is None else _by_ffmpeg(path, container, maximum_seconds)


def _by_ffmpeg(path: Path, container: str, maximum_seconds: float) -> Sound:
    import av

    size = path.stat().st_size
    if not size:
        raise AudioEmpty(f"{path.name}: the file is empty")
    if size > audio.MAXIMUM_BYTES:
        raise AudioTooLarge(f"{path.name}: {size} bytes, at most {audio.MAXIMUM_BYTES}")
    blocks: list[Any] = []
    frames = rate = 0
    try:
        with av.open(io.BytesIO(path.read_bytes()), mode="r", format=container) as media:
            to_mono = av.AudioResampler(format="flt", layout="mono")
            for frame in media.decode(audio=0):
                rate = frame.sample_rate
                blocks += [part.to_ndarray().ravel() for part in to_mono.resample(frame)]
                frames += frame.samples
                if frames > maximum_seconds * rate:
                    raise AudioTooLarge(f"{path.name}: longer than {maximum_seconds:.0f} s")
    except (av.error.FFmpegError, IndexError, ValueError) as error:  # IndexError: a file without a sound track
        raise AudioUnreadable(f"{path.name}: {error}") from error
    if not frames or not audio.RATES[0] <= rate <= audio.RATES[1]:
        raise AudioUnreadable(f"{path.name}: no sound in it")
    return Sound(np.concatenate(blocks).astype(np.float32), rate)
