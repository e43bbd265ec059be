"""Vosk as a recogniser. Whatever kills or hangs its C library is refused before the call, and said in words.

Seen to happen otherwise: rate 0 hangs for ever, a negative rate aborts, the grammar "[]" or bad JSON is a segmentation
fault, a wrong rate or two channels give nonsense without an error, a model with a cut file loads and fails later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from speech import store
from speech.audio import RATES, Sound, levelled, resampled
from speech.choice import Choice, InputPath
from speech.recogniser import EngineUnusable, Heard, SoundRefused
from speech.vosk_stream import VoskStream, folded, heard, pcm

BLOCK_SECONDS = 0.25
LONGEST_GRAMMAR = 20_000
FST_MAGIC = b"\xd6\xfd\xb2\x7e"  # OpenFst's
IVECTOR = ("final.dubm", "final.ie", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf")


class VoskEngine:
    """One loaded model; a new recogniser for each recording, because a shared one aborts the process.

    `input_path` says how telephone sound (8 kHz) reaches a model of 16 kHz. Which is best differs from model to model:
    calibrate it on your own recordings. folded mirrors the spectrum upwards instead of leaving it empty.
    """

    engine = "vosk"
    score_kind = "word confidence"

    def __init__(
        self, folder: Path, model: str, language: str = "zh", input_path: InputPath = "direct", grammar: Sequence[str] | None = None
    ) -> None:
        faults = model_faults(folder)
        if faults:
            raise EngineUnusable(f"model {model}: {'; '.join(faults)}")
        self._grammar = grammar_json(grammar) if grammar is not None else None
        self._rate, self._takes_other_rates = model_rate(folder)
        try:
            import vosk

            vosk.SetLogLevel(-1)
            self._vosk: Any = vosk
            self._model: Any = vosk.Model(str(folder))
        except Exception as error:  # noqa: BLE001 - vosk raises bare Exception
            raise EngineUnusable(f"model {model} cannot be loaded: {error}") from error
        self.model, self.language, self._input_path = model, language, input_path

    def hear(self, sound: Sound) -> Heard:
        check(sound)
        fed = self._fed(sound)
        recogniser = self._recogniser(fed.rate)
        results = []
        for block in _blocks(fed):
            if recogniser.AcceptWaveform(block):
                results.append(recogniser.Result())
        results.append(recogniser.FinalResult())
        return heard([json.loads(result) for result in results])

    def stream(self, rate: int) -> VoskStream:
        """Its level stays as it comes: Kaldi evens out slow changes itself, and a gain must not jump within a word."""
        check(Sound(np.zeros(1, np.float32), rate))
        way = self._way_in(rate)
        return VoskStream(self._recogniser(rate if way == "direct" else self._rate), rate, self._rate, way)

    def _recogniser(self, rate: int) -> Any:
        recogniser = self._vosk.KaldiRecognizer(self._model, float(rate), *([self._grammar] if self._grammar else []))
        recogniser.SetWords(True)
        return recogniser

    def _fed(self, sound: Sound) -> Sound:
        sound = levelled(sound, greatest_gain_db=30.0)
        match self._way_in(sound.rate):
            case "direct":
                return sound
            case "folded":
                return Sound(folded(sound.samples), 2 * sound.rate)
        return resampled(sound, self._rate)

    def _way_in(self, rate: int) -> InputPath:
        """How sound of a rate reaches this model: as wished where that is possible, else resampled."""
        if rate == self._rate or (self._input_path == "direct" and self._takes_other_rates):
            return "direct"
        return "folded" if self._input_path == "folded" and self._rate == 2 * rate else "resampled"


def check(sound: Sound) -> None:
    """Raises SoundRefused for what Vosk must never be given."""
    if not RATES[0] <= sound.rate <= RATES[1]:
        raise SoundRefused(f"{sound.rate} samples a second cannot be recognised")
    if sound.samples.ndim != 1:
        raise SoundRefused(f"one channel is recognised, not {sound.samples.shape[-1]}")
    if not len(sound.samples) or not np.isfinite(sound.samples).all():
        raise SoundRefused("no samples, or samples that are no numbers")


def grammar_json(phrases: Sequence[str]) -> str:
    """The phrases as Vosk wants them. Raises EngineUnusable for what would crash it."""
    if isinstance(phrases, str) or not phrases or len(phrases) > LONGEST_GRAMMAR:
        raise EngineUnusable(f"a grammar is a list of 1 to {LONGEST_GRAMMAR} phrases")
    for phrase in phrases:
        if not isinstance(phrase, str) or not phrase.strip() or not phrase.isprintable():
            raise EngineUnusable(f"grammar: {phrase!r} is no phrase")
    return json.dumps(list(phrases), ensure_ascii=False)


def model_faults(folder: Path) -> list[str]:
    """What is missing or cut in a model's folder; Vosk itself would load it and fail in the middle of a call."""
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    wanted = ["am/final.mdl", "conf/mfcc.conf"]
    if (folder / "graph/HCLG.fst").exists():
        wanted += ["graph/HCLG.fst", "graph/words.txt"]
    else:
        wanted += ["graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"]
    if (folder / "ivector").is_dir():
        wanted += [f"ivector/{name}" for name in IVECTOR]
    faults = [f"{name} is missing or empty" for name in wanted if not _holds_something(folder / name)]
    for name in wanted:
        if name.endswith(".fst") and _holds_something(folder / name) and not _begins_with(folder / name, FST_MAGIC):
            faults.append(f"{name} is no OpenFst file")
    return faults or store.cut_files(folder)


def model_rate(folder: Path) -> tuple[int, bool]:
    """The rate a model was trained at, and whether Kaldi converts others itself. Raises EngineUnusable."""
    text = (folder / "conf/mfcc.conf").read_text(encoding="utf-8", errors="replace")
    options = dict(re.findall(r"^--([a-z-]+)=(\S+)", text, re.MULTILINE))
    try:
        rate = int(float(options.get("sample-frequency", "16000")))
    except ValueError as error:
        raise EngineUnusable(f"conf/mfcc.conf: sample-frequency {options['sample-frequency']!r} is no number") from error
    if not RATES[0] <= rate <= RATES[1]:
        raise EngineUnusable(f"conf/mfcc.conf: sample-frequency {rate} is not between {RATES[0]} and {RATES[1]}")
    return rate, options.get("allow-upsample") == "true" and options.get("allow-downsample") == "true"


def _blocks(sound: Sound) -> Iterator[bytes]:
    size = int(sound.rate * BLOCK_SECONDS)
    for start in range(0, len(sound.samples), size):
        yield pcm(sound.samples[start : start + size])


class _Engine:
    """Vosk in the registry."""

    kind = "vosk"
    takes_hotwords = False

    def takes(self, folder: Path) -> bool:
        return (folder / "am/final.mdl").is_file()

    def load(self, choice: Choice, hotwords: Sequence[str]) -> VoskEngine:
        return VoskEngine(Path(choice.folder), choice.model, choice.language, choice.input_path)


ENGINE = _Engine()


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
