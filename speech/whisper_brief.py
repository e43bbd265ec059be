"""A few words heard quickly by Whisper, for somebody who waits on the telephone: a short window, and the words one expects.

Whisper listens to 30 s however little was said; a window of ten costs a fifth (0.3 s of a core instead of 1.3) and hears
short phrases no worse. Expected words (`hotwords` in its prompt) make 提建议 out of what was 期待一. Both measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from speech.audio import Samples
from speech.recogniser import Heard

FRAMES_A_SECOND = 100
LEAST_FRAMES, MOST_FRAMES = 1000, 3000
AFTER_FRAMES = 200  # of silence behind the words: without it the end is invented
MOST_SYLLABLES_A_SECOND = 10
TOKENS_A_SYLLABLE = 2
GUESSED_SYLLABLES = 2  # longer phrases are heard well enough, single ones by their answer's words
MOST_GUESSED_CHARACTERS = 4
LONGEST_GUESSED_FRAMES = 250  # with the pauses on both sides
LEAST_FIT, LEAST_AHEAD = -9.5, 5.5  # natural logarithms of probability; measured on 52 utterances each by two voices (ADR 0133)


class Brief:
    """Over a loaded faster_whisper.WhisperModel; not for two threads at a time."""

    def __init__(self, whisper: Any, language: str) -> None:
        from faster_whisper.tokenizer import Tokenizer

        self._whisper = whisper
        self._tokens = Tokenizer(whisper.hf_tokenizer, True, task="transcribe", language=language)

    def hear(self, samples: Samples, rate: int, words: Sequence[str], guess: bool = False) -> Heard:
        """Of 16 kHz samples, levelled. `guess`: one of the words may be taken for what was said (ADR 0133)."""
        frames = int(len(samples) / rate * FRAMES_A_SECOND)
        window = min(MOST_FRAMES, max(LEAST_FRAMES, frames + AFTER_FRAMES))
        features = self._whisper.feature_extractor(samples)[:, :window]
        padded = np.pad(features, ((0, 0), (0, window - features.shape[1])))
        prompt = self._whisper.get_prompt(self._tokens, [], without_timestamps=True, hotwords="，".join(words) or None)
        longest = 8 + frames * MOST_SYLLABLES_A_SECOND * TOKENS_A_SYLLABLE // FRAMES_A_SECOND
        encoded = self._whisper.encode(padded)
        result = self._whisper.model.generate(
            encoded, [prompt], beam_size=5, return_scores=True, suppress_blank=True,
            max_length=min(448, len(prompt) + longest),
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        score = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the mean, with the end of the text (openai/whisper, decoding.py)
        heard = Heard(self._tokens.decode(tokens).strip().rstrip("，,"), (), round(float(score), 3))
        return self._choice(encoded, frames, words) or heard if guess and _is_no(heard.raw, words) else heard

    def _choice(self, encoded: Any, frames: int, words: Sequence[str]) -> Heard | None:
        """The one word of two syllables that the sound fits far better than all others; its score is one nobody trusts."""
        short = [word for word in words if len(word) == GUESSED_SYLLABLES]
        if len(short) < 2 or frames > LONGEST_GUESSED_FRAMES:
            return None
        said = np.ascontiguousarray(np.repeat(np.asarray(encoded), len(short), axis=0))
        tokens = [self._tokens.encode(word) for word in short]
        fits = self._whisper.model.align(type(encoded).from_array(said), self._tokens.sot_sequence, tokens, [frames // 2] * len(short))
        sums = [float(np.log(np.maximum(fit.text_token_probs, 1e-10)).sum()) for fit in fits]
        order = np.argsort(sums)
        best, second = sums[order[-1]], sums[order[-2]]
        if best < LEAST_FIT or best - second < LEAST_AHEAD:
            return None
        return Heard(short[int(order[-1])], (), round(best / len(tokens[order[-1]]), 3))


def _is_no(raw: str, words: Sequence[str]) -> bool:
    """None of the words, and short enough to be one."""
    from speech.aftercare import simplified

    said = simplified(raw)
    return len(said) <= MOST_GUESSED_CHARACTERS and not any(word in said for word in words)
