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


class Brief:
    """Over a loaded faster_whisper.WhisperModel; not for two threads at a time."""

    def __init__(self, whisper: Any, language: str) -> None:
        from faster_whisper.tokenizer import Tokenizer

        self._whisper = whisper
        self._tokens = Tokenizer(whisper.hf_tokenizer, True, task="transcribe", language=language)

    def hear(self, samples: Samples, rate: int, words: Sequence[str]) -> Heard:
        """Of 16 kHz samples, levelled."""
        frames = int(len(samples) / rate * FRAMES_A_SECOND)
        window = min(MOST_FRAMES, max(LEAST_FRAMES, frames + AFTER_FRAMES))
        features = self._whisper.feature_extractor(samples)[:, :window]
        padded = np.pad(features, ((0, 0), (0, window - features.shape[1])))
        prompt = self._whisper.get_prompt(self._tokens, [], without_timestamps=True, hotwords="，".join(words) or None)
        longest = 8 + frames * MOST_SYLLABLES_A_SECOND * TOKENS_A_SYLLABLE // FRAMES_A_SECOND
        result = self._whisper.model.generate(
            self._whisper.encode(padded), [prompt], beam_size=5, return_scores=True, suppress_blank=True,
            max_length=min(448, len(prompt) + longest),
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        score = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the mean, with the end of the text (openai/whisper, decoding.py)
        return Heard(self._tokens.decode(tokens).strip().rstrip("，,"), (), round(float(score), 3))
