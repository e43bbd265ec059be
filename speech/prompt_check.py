"""Listens to every prompt by its numbers: is it there, of the right format, long and loud enough, and still what the text says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from speech import audio, prompts, voice
from speech.audio import TELEPHONE_RATE, AudioError
from speech.folders import Folders
from speech.frontend import unspeakable
from speech.loudness import LEVEL_DBOV, active_level

SHORTEST_SECONDS, LONGEST_SECONDS = 0.3, 60.0
QUIETEST_DBOV, LOUDEST_DBOV = -26.0, -14.0  # 6 dB about what rendering makes of every prompt
MOST_CLIPPED = 0.001


@dataclass(frozen=True)
class Checked:
    """One prompt: what it is made of, its measures, and what is wrong with it."""

    id: str
    text: str
    source: str  # recording | own | voice | espeak-ng | tone | absent
    seconds: float
    level_dbov: float
    faults: tuple[str, ...]


def check(city: Path, folders: Folders, language: str = prompts.LANGUAGE) -> list[Checked]:
    """Every prompt of prompts.yaml. Raises prompts.PromptsError."""
    return [_checked(city, folders, language, name, text) for name, text in prompts.texts(city, language).items()]


def strays(city: Path, language: str = prompts.LANGUAGE) -> list[str]:
    """Recordings whose name is no prompt's id: a typing mistake, and the voice is heard instead."""
    known = prompts.texts(city)
    folder = city / "recordings" / language
    names = (path for path in sorted(folder.glob("*")) if path.suffix in prompts.RECORDINGS)
    return [f"{path.name}: there is no prompt {path.stem!r} in prompts.yaml" for path in names if path.stem not in known]


def _checked(city: Path, folders: Folders, language: str, name: str, text: str) -> Checked:
    place = folders.sounds / language / f"{name}.wav"
    source = prompts.source_of(place)
    in_chinese = prompts.tongue(text, language) == voice.MANDARIN
    faults = [f"nobody hears {char!r}" for char in unspeakable(text)] if in_chinese else []
    if source == "absent":
        return Checked(name, text, source, 0.0, 0.0, (*faults, "not rendered: hotline prompts render"))
    if source == "tone":
        faults.append("two tones instead of words: there was no voice; record it, or hotline setup")
    recording = prompts.recording_of(city, name, language)
    if prompts.outdated(place, text, recording, language):
        faults.append("the text or the recording changed since: hotline prompts render")
    try:
        sound = audio.read(place)
    except (AudioError, OSError) as error:
        return Checked(name, text, source, 0.0, 0.0, (*faults, str(error)))
    level = round(active_level(sound), 1)
    faults += _format_faults(place)
    faults += _sound_faults(sound, level)
    return Checked(name, text, source, round(sound.seconds, 2), level, tuple(faults))


def _format_faults(place: Path) -> Iterator[str]:
    found = soundfile.info(str(place))
    if (found.samplerate, found.channels, found.subtype) != (TELEPHONE_RATE, 1, "PCM_16"):
        yield f"Asterisk plays 8000 Hz, mono, 16 bit; this is {found.samplerate} Hz, {found.channels} channels, {found.subtype}"


def _sound_faults(sound: audio.Sound, level: float) -> Iterator[str]:
    if not SHORTEST_SECONDS <= sound.seconds <= LONGEST_SECONDS:
        yield f"{sound.seconds:.1f} s long ({SHORTEST_SECONDS} to {LONGEST_SECONDS:.0f} are heard out)"
    if not QUIETEST_DBOV <= level <= LOUDEST_DBOV:
        yield f"speech at {level} dBov ({QUIETEST_DBOV:.0f} to {LOUDEST_DBOV:.0f}; hotline prompts import makes it {LEVEL_DBOV:.0f})"
    if float(np.mean(np.abs(sound.samples) > 0.998)) > MOST_CLIPPED:
        yield "clipped"

