"""Vosk's answers as ours, and a sound that is fed to it while it is spoken."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr

from speech.audio import Samples
from speech.choice import InputPath
from speech.recogniser import Heard, Phrase, Word

_HANZI_GAP = re.compile(r"(?<=[㐀-䶿一-鿿]) (?=[㐀-䶿一-鿿])")


class VoskStream:
    """One KaldiRecognizer and one sound. The recogniser must have been made for the rate that `way` leads to."""

    def __init__(self, recogniser: Any, rate: int, model_rate: int, way: InputPath) -> None:
        self._recogniser = recogniser
        self._rate = rate
        self._way = way
        self._resampler = soxr.ResampleStream(rate, model_rate, 1) if way == "resampled" else None
        self._fed_seconds = 0.0
        self._open_since = 0.0
        self._partial = ""

    def feed(self, samples: Samples) -> list[Phrase]:
        if not len(samples):
            return []
        self._fed_seconds += len(samples) / self._rate
        fed = self._on_its_way(samples)
        if len(fed) and self._recogniser.AcceptWaveform(pcm(fed)):
            return self._closed(self._recogniser.Result())
        partial = _joined(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))
        if not partial or partial == self._partial:
            return []
        self._partial = partial
        return [Phrase(partial, self._open_since, self._now(), 0.0, final=False)]

    def finish(self) -> list[Phrase]:
        if self._resampler is not None:
            self._recogniser.AcceptWaveform(pcm(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)))
        return self._closed(self._recogniser.FinalResult())

    def _on_its_way(self, samples: Samples) -> Samples:
        if self._resampler is not None:
            return self._resampler.resample_chunk(samples).astype(np.float32)
        return folded(samples) if self._way == "folded" else samples

    def _closed(self, result: str) -> list[Phrase]:
        found = heard([json.loads(result)])
        self._partial = ""
        start = found.words[0].start_seconds if found.words else self._open_since
        end = found.words[-1].end_seconds if found.words else self._now()
        self._open_since = self._now()
        return [Phrase(found.raw, start, end, found.score, final=True)] if found.raw else []

    def _now(self) -> float:
        return round(self._fed_seconds, 2)


def heard(results: Sequence[dict[str, Any]]) -> Heard:
    """Vosk's JSON results as one. Chinese words are joined; other languages keep their spaces."""
    words = tuple(
        Word(str(word["word"]), round(float(word["start"]), 2), round(float(word["end"]), 2), round(float(word["conf"]), 3))
        for result in results
        for word in result.get("result", ())
    )
    raw = " ".join(text for result in results if (text := str(result.get("text", "")).strip()))
    score = round(sum(word.score for word in words) / len(words), 3) if words else 0.0
    return Heard(raw=_joined(raw), words=words, score=score)


def folded(samples: Samples) -> Samples:
    """At twice the rate, the upper half of the spectrum a mirror of the lower."""
    doubled: Samples = np.zeros(2 * len(samples), np.float32)
    doubled[::2] = samples * 1.4
    return doubled


def pcm(samples: Samples) -> bytes:
    """16 bit, as Vosk takes them."""
    return bytes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())


def _joined(text: str) -> str:
    """Chinese without its blanks."""
    return _HANZI_GAP.sub("", text.strip())
