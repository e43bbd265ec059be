"""A recogniser in a process of its own: loads its model once, then answers one JSON line for each line it is sent.

    python -m speech.worker CHOICE          (choice.Choice as JSON)
    <- {"ready": "whisper-base"}            or {"error": ..., "message": ...} and the end
    -> {"path": "/…/audio.wav"}
    <- {"kind": "recognition", …}           or {"kind": "no_speech", …} or {"error": ..., "message": ...}

Whatever the engine does to its process, the hotline only loses this one; `speech.pool` replaces it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from speech import audio, trimming, vad
from speech.audio import Sound
from speech.choice import Choice
from speech.engines import load
from speech.recogniser import (
    EngineUnusable,
    Heard,
    HearsAgain,
    NoSpeech,
    Recogniser,
    Recognition,
    RecognitionError,
    SoundRefused,
    as_json,
)
from speech.text import review
from speech.text.categories import CategoriesError
from speech.text.gazetteer import GazetteerError
from speech.text.review import Evidence
from speech.text.understanding import Understanding

NICENESS = 10  # calls come first
PARENT_SECONDS = 1.0
LONGEST_SECONDS = 2 * 3600.0
LONGEST_TWICE_SECONDS = 30.0  # a window of Whisper's: its encoder has nothing to do again


def transcribe(engine: Recogniser, path: Path, understanding: Understanding) -> Recognition | NoSpeech:
    """One recording. Raises SoundRefused."""
    try:
        sound = audio.read(path, LONGEST_SECONDS)
    except audio.AudioEmpty:
        return NoSpeech(seconds=0.0)
    except (audio.AudioError, OSError) as error:
        raise SoundRefused(str(error)) from error
    spans = vad.speech(sound)
    spoken = round(sum((span.seconds for span in spans), 0.0), 2)
    seconds = round(sound.seconds, 2)
    cut = trimming.trimmed(sound, spans)
    if not len(cut.sound.samples):
        return NoSpeech(seconds, spoken)
    heard, first = heard_twice(engine, cut.sound, understanding)
    evidence = Evidence(heard.score, engine.score_kind, spoken, review.snr_db(sound, spans))
    told = replace(understanding.understand(heard.raw, evidence, engine.language), first=first)
    if not told.text:
        return NoSpeech(seconds, spoken)
    return Recognition(
        raw=heard.raw, text=told.text, findings=told.as_json(), words=cut.placed(heard.words), score=heard.score, score_kind=engine.score_kind,
        engine=engine.engine, model=engine.model, seconds=seconds, speech_seconds=spoken,
    )  # fmt: skip


def heard_twice(engine: Recogniser, sound: Sound, understanding: Understanding) -> tuple[Heard, str]:
    """Once, and where places sound through once more with these in mind; the better of both, and what the first was (ADR 0132).

    Long messages are heard once: they must not take longer than they may.
    """
    heard = engine.hear(sound)
    if not isinstance(engine, HearsAgain) or sound.seconds > LONGEST_TWICE_SECONDS or not (names := understanding.likely(heard.raw)):
        return heard, ""
    again = engine.again(sound, names)
    return (again, heard.raw) if understanding.gains(heard.raw, again.raw) else (heard, "")


def serve(choice: Choice, lines: TextIO, answers: TextIO) -> int:
    """Until the lines end."""
    try:
        engine = load(choice)
    except EngineUnusable as error:
        answer(answers, {"error": "unusable", "message": str(error)})
        return 1
    understanding = _understanding(choice)
    answer(answers, {"ready": engine.model})
    for line in lines:
        try:
            result = as_json(transcribe(engine, Path(json.loads(line)["path"]), understanding))
        except SoundRefused as error:
            result = {"error": "sound", "message": str(error)}
        except RecognitionError as error:
            result = {"error": "engine", "message": str(error)}
        answer(answers, result)
    return 0


def _understanding(choice: Choice) -> Understanding:
    """A faulty file of the city costs its names, not the messages; Transcription.warm_up says what is wrong with it."""
    try:
        return Understanding.of_city(Path(choice.city)) if choice.city else Understanding()
    except (GazetteerError, CategoriesError):
        return Understanding()


def answer(answers: TextIO, data: dict[str, Any]) -> None:
    """One line, at once."""
    answers.write(json.dumps(data, ensure_ascii=False) + "\n")
    answers.flush()


def _end_with_parent(parent: int) -> None:
    """A worker whose hotline was killed must not go on alone; stdin's end is not seen in the middle of a job."""
    tick = threading.Event()
    while os.getppid() == parent:
        tick.wait(PARENT_SECONDS)
    os._exit(3)


def in_a_process_of_its_own(serve: Callable[[Choice, TextIO, TextIO], int], niceness: int) -> int:
    """Makes this process what its parent expects: polite, quiet on standard output, and gone when the parent is."""
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which stops us in order
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")  # ours alone: C libraries print to 1, which goes to the log
    os.dup2(2, 1)
    return serve(Choice.from_text(sys.argv[1]), sys.stdin, answers)


if __name__ == "__main__":
    sys.exit(in_a_process_of_its_own(serve, NICENESS))
