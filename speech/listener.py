"""Listens to a message while it is being left, in a process of its own, for words that cannot wait until the caller hangs up.

    python -m speech.listener CHOICE        (choice.Choice as JSON)
    <- {"ready": "whisper-base"}            or {"error": …, "message": …} and the end
    -> {"path": "/…/spool/tmp/ITEM.wav"}
    <- {"end_seconds": 7.3, "alarms": [{"kind": "fire", "words": "着火"}]}   for each phrase, alarms or none
    <- {"done": true}                       the caller has hung up; the rest is for the transcript of the whole
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from speech.aftercare import simplified
from speech.audio import TELEPHONE_RATE, AudioError
from speech.choice import Choice
from speech.engines import load
from speech.growing import Growing
from speech.recogniser import EngineUnusable, Recogniser
from speech.text.alarms import alarms
from speech.worker import answer, in_a_process_of_its_own

NICENESS = 5  # calls come first, then somebody in danger, then whole messages
LOOK_SECONDS = 0.25
ALIVE_SECONDS = 5.0  # also said while nobody speaks
LONGEST_SILENCE_SECONDS = 120.0  # without a byte: whoever wrote it is gone


def follow(engine: Recogniser, path: Path, answers: TextIO) -> None:
    """One message, until it is moved away. A phrase still open then belongs to the transcript."""
    tick = threading.Event()
    idle = 0.0
    with Growing(path) as growing:
        stream = engine.stream(TELEPHONE_RATE)
        while idle < LONGEST_SILENCE_SECONDS:
            samples = growing.more()
            if growing.ended():
                return
            for phrase in stream.feed(samples):
                found = [{"kind": alarm.kind, "words": alarm.means or alarm.words} for alarm in alarms(simplified(phrase.raw))]
                if phrase.final or found:
                    answer(answers, {"end_seconds": phrase.end_seconds, "alarms": found})
            idle = 0.0 if len(samples) else idle + LOOK_SECONDS
            if idle and idle % ALIVE_SECONDS == 0:
                answer(answers, {"alive": True})
            tick.wait(LOOK_SECONDS)


def serve(choice: Choice, lines: TextIO, answers: TextIO) -> int:
    """Until the lines end."""
    try:
        engine = load(choice)
    except EngineUnusable as error:
        answer(answers, {"error": "unusable", "message": str(error)})
        return 1
    answer(answers, {"ready": engine.model})
    for line in lines:
        result: dict[str, Any] = {"done": True}
        try:
            follow(engine, Path(json.loads(line)["path"]), answers)
        except (AudioError, OSError) as error:
            result["message"] = str(error)
        answer(answers, result)
    return 0


if __name__ == "__main__":
    sys.exit(in_a_process_of_its_own(serve, NICENESS))
