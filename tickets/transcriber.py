"""What the jobs want of a recogniser, so that tickets know none by name; speech/ provides one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Transcript:
    """What a recogniser heard. Scores of different kinds cannot be compared."""

    text: str
    raw: str
    engine: str
    model: str
    score: float | None = None
    score_kind: str | None = None
    needs_review: bool = False
    findings: dict[str, Any] = field(default_factory=dict)  # what was changed, what was found; JSON


class NoSpeech(Exception):
    """Nobody spoke; the message says how that was seen."""


class RecognitionFailed(Exception):
    """This message cannot be recognised; trying again would not help."""


class RecogniserDied(RecognitionFailed):
    """The recogniser ended or hung over this message: tried again, three times in all."""


class RecogniserAway(Exception):
    """It stops with the hotline, or has too much to do. Asked again later; this was no attempt."""


class Transcriber(Protocol):
    """Called in a worker thread; it may block, but not for ever."""

    def __call__(self, path: Path) -> Transcript:
        """Raises NoSpeech, RecognitionFailed, RecogniserDied or RecogniserAway."""
        ...
