"""`make corpus`: a synthetic Mandarin corpus to measure recognisers by, on a machine that has no recordings of citizens.

Thirty sentences of hotline matters (bench/sentences.yaml), two demonstration voices, as a telephone carries them (8 kHz,
A-law), clean and with babble or line noise at set levels. Written with a fixed seed: the same noise each time. The voices
themselves are not quite the same each time, and no citizen sounds like them: a corpus for comparing, not for promising.

    python -m bench.corpus FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from ruamel.yaml import YAML

from hotline.settings import Settings
from speech import audio, voice
from speech.audio import TELEPHONE_RATE, Samples
from speech.corpus import TABLE

SENTENCES = Path(__file__).with_name("sentences.yaml")
CITY = "东营"
TALKERS = 6  # of babble: single words cannot be made out any more
HUM_HZ = 50.0
SEED = 12345


@dataclass(frozen=True)
class Line:
    """A condition: what is heard besides the voice, and how many decibels below it."""

    name: str
    noise: str = ""
    snr_db: float = 0.0


LINES = (Line("clean"), Line("babble20", "babble", 20), Line("babble10", "babble", 10), Line("noise20", "noise", 20), Line("noise10", "noise", 10))


def sentences() -> list[dict[str, Any]]:
    """What is said: `text`, and what of it must be right: `places`, `phone`."""
    found: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(SENTENCES.read_text(encoding="utf-8"))
    return found


def make(folder: Path, said: Sequence[dict[str, Any]], speak: dict[str, Any], lines: Sequence[Line] = LINES) -> int:
    """Writes the recordings and their table; how many there are. `speak`: a voice's name -> text -> Sound."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(SEED)
    rows = []
    for speaker, saying in speak.items():
        voices = [audio.levelled(audio.resampled(saying(one["text"]), TELEPHONE_RATE)).samples for one in track(said, speaker, console=Console(stderr=True))]
        for place, one in enumerate(said):
            for line in lines:
                name = f"{place + 1:02d}_{speaker}_{line.name}.wav"
                sound = _on_the_line(voices[place], line, voices, dice)
                soundfile.write(folder / name, sound, TELEPHONE_RATE, format="WAV", subtype="ALAW")
                rows.append((name, one))
    table = "".join(f"{name}\t{CITY}\t{one['text']}\t{_entities(one)}\n" for name, one in rows)
    (folder / TABLE).write_text("file\tcity\ttext\tentities\n" + table, encoding="utf-8")
    return len(rows)


def _on_the_line(said: Samples, line: Line, voices: Sequence[Samples], dice: np.random.Generator) -> Samples:
    if not line.noise:
        return said
    noise = _babble(len(said), voices, dice) if line.noise == "babble" else _line_noise(len(said), dice)
    gain = audio.speech_level(audio.Sound(said, TELEPHONE_RATE)) / _rms(noise) / 10 ** (line.snr_db / 20)
    mixed = said + noise * gain
    return (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)


def _babble(length: int, voices: Sequence[Samples], dice: np.random.Generator) -> NDArray[np.float32]:
    """Others who talk in the same room; backwards, so that nobody recognises their words instead."""
    heard = np.zeros(length, np.float32)
    for other in dice.choice(len(voices), TALKERS):
        turned = np.tile(voices[other][::-1], length // len(voices[other]) + 2)
        start = int(dice.integers(len(voices[other])))
        heard += turned[start : start + length]
    return heard


def _line_noise(length: int, dice: np.random.Generator) -> NDArray[np.float32]:
    """Hiss of the band a telephone carries, and the hum of the mains."""
    spectrum = np.fft.rfft(dice.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / TELEPHONE_RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    hiss = np.fft.irfft(spectrum, length)
    hum = np.sin(2 * np.pi * HUM_HZ * np.arange(length) / TELEPHONE_RATE) * _rms(hiss) * 0.5
    return (hiss + hum).astype(np.float32)


def _rms(samples: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) or 1.0


def _entities(one: dict[str, Any]) -> str:
    found = {name: one[key] for name, key in (("phone", "phone"), ("place", "places")) if key in one}
    return json.dumps(found, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("python -m bench.corpus FOLDER", file=sys.stderr)
        return 2
    folder, settings = Path(arguments[0]), Settings.load()
    try:
        speak = dict(_speakers(settings))
        count = make(folder, sentences(), speak)
    except (voice.VoiceUnavailable, voice.CannotSay, OSError) as error:
        print(f"no corpus: {error}", file=sys.stderr)
        return 1
    print(f"{count} recordings and {TABLE} in {folder}; next: make bench-speech CORPUS={folder} GAZETTEER={settings.city / 'gazetteer.yaml'}")
    return 0


def _speakers(settings: Settings) -> Iterator[tuple[str, Any]]:
    for speaker in voice.SPEAKERS:
        yield speaker, voice.find(settings, speaker).speak


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
