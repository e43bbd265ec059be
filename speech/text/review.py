"""Which transcripts a person must read against the recording, and why.

Where the limits come from: the score is set by `hotline speech calibrate` on recordings like ours (docs/speech.md has
the figures and the hit rate); the others are bounds of the language and of telephone lines, wide enough that ordinary
speech never meets them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from speech.audio import Sound
from speech.text.phones import Number
from speech.text.places import Change
from speech.vad import Span

LEAST_SCORE = {"average log probability": -0.40, "word confidence": 0.80}
LEAST_SNR_DB = 10.0  # below this recognisers lose half of the words of a telephone line
LEAST_SPEECH_SECONDS = 1.5  # five characters: too few for a matter and a place
CHARACTERS_A_SECOND = (1.5, 8.0)  # Mandarin is spoken at 3 to 6.5 syllables a second
FRAME_SECONDS = 0.02
_REPEATED = re.compile(r"([一-鿿]{2,12})[，。、 ]*(?:\1[，。、 ]*){3,}|([一-鿿])\2{5,}")


@dataclass(frozen=True)
class Evidence:
    """What is known about a transcript besides its words."""

    score: float
    score_kind: str
    speech_seconds: float
    snr_db: float | None = None


def reasons(text: str, evidence: Evidence, phones: list[Number], changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Why a person must look; empty when nothing speaks against the text."""
    spoken = evidence.speech_seconds
    pace = sum(char.isalnum() for char in text) / spoken if spoken else 0.0
    suspicions = {
        "score": evidence.score < LEAST_SCORE.get(evidence.score_kind, float("-inf")),
        "noise": evidence.snr_db is not None and evidence.snr_db < LEAST_SNR_DB,
        "short": spoken < LEAST_SPEECH_SECONDS,
        "pace": spoken >= LEAST_SPEECH_SECONDS and not CHARACTERS_A_SECOND[0] <= pace <= CHARACTERS_A_SECOND[1],
        "repetition": bool(_REPEATED.search(text)),
        "phone": any(not number.valid for number in phones),
        "place": any(not change.applied and change.kind != "near" for change in changes),
    }
    return tuple(reason for reason, found in suspicions.items() if found)


def snr_db(sound: Sound, spans: list[Span]) -> float | None:
    """Speech against what is heard between the words; None where there is too little to tell."""
    width = int(sound.rate * FRAME_SECONDS)
    count = len(sound.samples) // width
    if count < 25 or not spans:
        return None
    power = (sound.samples[: count * width].reshape(count, width).astype(np.float64) ** 2).mean(axis=1)
    middles = (np.arange(count) + 0.5) * FRAME_SECONDS
    spoken = np.zeros(count, bool)
    for span in spans:
        spoken |= (middles >= span.start_seconds) & (middles <= span.end_seconds)
    if not spoken.any():
        return None
    noise = max(float(np.percentile(power, 5)), 1e-10)
    return round(10 * float(np.log10(max(float(power[spoken].mean()), 1e-10) / noise)), 1)
