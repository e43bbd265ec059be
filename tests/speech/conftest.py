"""What the stories of speech share: folders of their own beside the checkout's downloads, sounds, and one warm recogniser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hotline.settings import Settings
from speech import audio, catalogue, engines, store
from speech.audio import Sound
from speech.catalogue import Model
from speech.choice import Choice
from speech.pool import Pool
from speech.voice import Voice
from speech.whisper_engine import WhisperEngine

RATE = 8000
DOWNLOADS = Settings.load({}).downloads


@dataclass(frozen=True)
class Here:
    """The three folders of speech.folders.Folders."""

    downloads: Path
    sounds: Path
    city: Path


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """A home of its own; downloads are the checkout's."""
    return _below(tmp_path, DOWNLOADS)


@pytest.fixture
def bare(tmp_path: Path) -> Here:
    """A machine on which nothing was ever fetched."""
    return _below(tmp_path, tmp_path / "downloads")


def _below(folder: Path, downloads: Path) -> Here:
    city = folder / "city"
    city.mkdir()
    return Here(downloads, folder / "sounds", city)


def model_folder(model: Model) -> Path:
    """A model of this checkout; without it these tests prove nothing, so they fail rather than be skipped."""
    here = Here(DOWNLOADS, DOWNLOADS, DOWNLOADS)
    try:
        return store.ready(here, model)
    except store.ModelError as error:
        pytest.fail(f"{error} (`make test` does)")


@pytest.fixture(scope="session")
def voice() -> Voice:
    return Voice(model_folder(catalogue.MANDARIN_VOICE))


@pytest.fixture(scope="session")
def engine() -> WhisperEngine:
    """In this process; loaded once for all files that one worker is given."""
    return WhisperEngine(model_folder(catalogue.WHISPER_BASE), "whisper-base", threads=1)


@pytest.fixture(scope="session")
def whisper() -> Iterator[Pool]:
    folder = model_folder(catalogue.WHISPER_BASE)
    with Pool(Choice(engines.WHISPER, "whisper-base", str(folder))) as pool:
        pool.warm_up()
        yield pool


def silence(seconds: float, rate: int = RATE) -> Sound:
    return Sound(np.zeros(int(seconds * rate), np.float32), rate)


def tones(*frequencies: float, seconds: float = 1.0, rate: int = RATE, loudness: float = 0.2) -> Sound:
    time = np.arange(int(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * frequency * time) for frequency in frequencies)
    return Sound((loudness * np.asarray(wave)).astype(np.float32), rate)


def joined(*sounds: Sound) -> Sound:
    return Sound(np.concatenate([sound.samples for sound in sounds]), sounds[0].rate)


def saved(folder: Path, sound: Sound, name: str = "said.wav") -> Path:
    audio.write_wav(folder / name, sound)
    return folder / name
