"""A trial before a model may answer for citizens: in a process that may be lost, it hears the city's own prompts.

Their words are known, so a model for another language, or a broken one, is seen here and not by the first caller.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speech import audio, cer, prompts
from speech.audio import Sound
from speech.choice import Choice
from speech.folders import Folders
from speech.pool import Pool
from speech.recogniser import EngineUnusable, Recognition, RecognitionError

MOST_WRONG = 0.5  # of the characters; Whisper base has 0.1 on the demonstration voice
HEARD = 3
SECONDS = (2.0, 20.0)
SPOKEN_BY = ("own", "recording", "voice")  # espeak-ng and two tones are no trial of anything


@dataclass(frozen=True)
class Trial:
    """How much of how many characters was wrong; None: there was no prompt to hear, it was only loaded."""

    wrong: float | None
    characters: int


def of(choice: Choice, folders: Folders) -> Trial:
    """Raises EngineUnusable: it does not load, ends or hangs its process, or understands less than half."""
    known = _prompts(folders)
    try:
        with Pool(choice) as pool, tempfile.TemporaryDirectory() as place:
            heard = [pool.transcribe(path) for path, _ in known] or [pool.transcribe(_silence(Path(place)))]
    except EngineUnusable:
        raise
    except RecognitionError as error:
        raise EngineUnusable(f"model {choice.model}: its process was lost in the trial: {error}") from error
    if not known:
        return Trial(None, 0)
    edits = sum(
        (cer.parts(text, result.raw if isinstance(result, Recognition) else "") for (_, text), result in zip(known, heard, strict=True)),
        start=cer.Edits(),
    )
    if edits.rate > MOST_WRONG:
        first = next((result.raw for result in heard if isinstance(result, Recognition)), "")
        raise EngineUnusable(
            f"model {choice.model} got {edits.rate:.0%} of the city's own prompts wrong (a model of another language?): "
            f"{known[0][1][:30]!r} was heard as {first[:30]!r}"
        )
    return Trial(round(edits.rate, 3), edits.characters)


def _prompts(folders: Folders) -> list[tuple[Path, str]]:
    """Some prompts that a voice speaks, the longest first."""
    try:
        texts = prompts.texts(folders.city)
    except prompts.PromptsError:
        return []
    found = []
    for name, text in texts.items():
        path = folders.sounds / prompts.LANGUAGE / f"{name}.wav"
        if prompts.source_of(path) in SPOKEN_BY and SECONDS[0] <= audio.read(path).seconds <= SECONDS[1]:
            found.append((path, text))
    return sorted(found, key=lambda one: -len(one[1]))[:HEARD]


def _silence(place: Path) -> Path:
    path = place / "silence.wav"
    audio.write_wav(path, Sound(np.zeros(audio.TELEPHONE_RATE, np.float32), audio.TELEPHONE_RATE))
    return path
