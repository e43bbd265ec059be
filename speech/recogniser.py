"""What every recogniser promises: sound in, words with their score out, or the plain statement that nobody spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

from speech.audio import Samples, Sound


class RecognitionError(Exception):
    """No transcript could be made; the subclass says whether trying again helps."""


class SoundRefused(RecognitionError):
    """Permanent: this recording cannot be read. The ticket keeps it, a person listens."""


class EngineUnusable(RecognitionError):
    """Until someone repairs it: no model, a damaged one, or a package that does not load."""


@dataclass(frozen=True)
class Word:
    """One word and when it was said; the score is of the recognition's `score_kind`."""

    text: str
    start_seconds: float
    end_seconds: float
    score: float


@dataclass(frozen=True)
class Recognition:
    """What was understood. Scores of different kinds are not comparable."""

    raw: str  # the engine's own words
    text: str  # as people write it: simplified, places put right, numbers in figures
    words: tuple[Word, ...]
    score: float
    score_kind: str  # "average log probability" | "word confidence" | "token log probability" | "none"
    engine: str
    model: str
    seconds: float  # of the recording
    speech_seconds: float  # of it, how much was speech
    findings: dict[str, Any] = field(default_factory=dict)  # speech.text.understanding.Understood.as_json

    @property
    def needs_review(self) -> bool:
        """Something speaks against the text; findings["reasons"] says what."""
        return bool(self.findings.get("reasons"))


@dataclass(frozen=True)
class NoSpeech:
    """Nobody spoke: silence, tones, noise. Never a guess."""

    seconds: float
    speech_seconds: float = 0.0


@dataclass(frozen=True)
class Heard:
    """An engine's answer for a sound that holds speech."""

    raw: str
    words: tuple[Word, ...]
    score: float


@dataclass(frozen=True)
class Phrase:
    """What was understood of a sound that still goes on. One that is not final is replaced by the next one."""

    raw: str
    start_seconds: float  # from the sound's beginning
    end_seconds: float
    score: float
    final: bool


class Stream(Protocol):
    """One sound while it is being spoken. Not for two threads at a time."""

    def feed(self, samples: Samples) -> list[Phrase]:
        """The next samples, at the rate the stream was opened with: what they brought, oldest first."""

    def finish(self) -> list[Phrase]:
        """The end: what was still open. The stream is not used any more."""


class Recogniser(Protocol):
    """One loaded engine. Not for two threads at a time."""

    engine: str
    model: str
    language: str
    score_kind: str

    def hear(self, sound: Sound) -> Heard:
        """The words of a sound that holds speech. An empty `raw` means that nothing was understood."""

    def stream(self, rate: int) -> Stream:
        """Opens a sound of so many samples a second. An engine without streaming cuts it: `speech.cutting.CutStream`."""


@runtime_checkable
class HearsBriefly(Protocol):
    """An engine that can be quicker with a live call's short utterances than with whole messages."""

    def brief(self, sound: Sound, words: Sequence[str] = (), guess: bool = False) -> Heard:
        """As `hear`; `words` are likely to be said. `guess`: what is none of them may be taken for one, with a score that says so."""


@runtime_checkable
class HearsAgain(Protocol):
    """An engine that can hear the sound it has just heard once more, for less, with words in mind."""

    def again(self, sound: Sound, words: Sequence[str]) -> Heard:
        """As `hear`; `words` may have been said."""


def as_json(result: Recognition | NoSpeech) -> dict[str, Any]:
    return {"kind": "no_speech" if isinstance(result, NoSpeech) else "recognition", **asdict(result)}


def from_json(data: Mapping[str, Any]) -> Recognition | NoSpeech:
    """The other way round. Raises KeyError, TypeError, ValueError on anything else."""
    fields = dict(data)
    kind = fields.pop("kind")
    if kind == "no_speech":
        return NoSpeech(**fields)
    if kind != "recognition":
        raise ValueError(f"{kind!r} is no result of a recogniser")
    words = tuple(Word(**word) for word in fields.pop("words"))
    return Recognition(words=words, **fields)
