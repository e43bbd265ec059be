"""faster-whisper as a recogniser: int8 on the CPU, from a folder on this machine, never from the network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from speech import vad
from speech.audio import Sound, levelled, resampled
from speech.choice import Choice
from speech.cutting import CutStream
from speech.recogniser import EngineUnusable, Heard, Word
from speech.whisper_brief import Brief

RATE = 16_000
FILES = ("model.bin", "config.json", "tokenizer.json")
# What Whisper learned from subtitles and says into noise; no citizen rings up to say it.
INVENTED = re.compile(r"字幕|Amara|[点點][赞贊赞].*[订訂][阅閱]|[订訂][阅閱].*[转轉][发發]|(谢谢|感谢)(大家|您的|你的)?(观看|收看)")


class WhisperEngine:
    """One loaded Whisper model."""

    engine = "faster-whisper"
    language = "zh"
    score_kind = "average log probability"

    def __init__(self, folder: Path, model: str, threads: int = 2, hotwords: str = "") -> None:
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise EngineUnusable(f"{folder} is no Whisper model for faster-whisper: {', '.join(missing)} missing")
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            from faster_whisper import WhisperModel

            self._whisper: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise EngineUnusable(f"model {model} cannot be loaded: {error}") from error
        self.model, self._hotwords = model, hotwords or None
        self._whisper.encode = Encoded(self._whisper.encode)
        self._brief = Brief(self._whisper, self.language)

    def hear(self, sound: Sound) -> Heard:
        return self._heard(sound, self._hotwords)

    def again(self, sound: Sound, words: Sequence[str]) -> Heard:
        """The encoder's work, which is most of it, is not done again."""
        return self._heard(sound, "，".join(words))

    def _heard(self, sound: Sound, hotwords: str | None) -> Heard:
        samples = levelled(resampled(sound, RATE), greatest_gain_db=vad.GREATEST_GAIN_DB).samples
        segments, _ = self._whisper.transcribe(
            samples,
            language=self.language,
            beam_size=5,
            temperature=(0.0, 0.4),
            condition_on_previous_text=False,  # one invented sentence must not bring forth the next
            vad_filter=True,  # a silent tail of 20 s makes 4 % of errors into 28 %
            vad_parameters={"min_silence_duration_ms": 1000, "speech_pad_ms": 300},
            word_timestamps=False,
            hotwords=hotwords,
        )
        kept = [segment for segment in segments if segment.text.strip() and not INVENTED.search(segment.text)]
        return Heard(raw="，".join(_bare(segment.text) for segment in kept), words=_words(kept), score=_score(kept))

    def brief(self, sound: Sound, words: Sequence[str] = (), guess: bool = False) -> Heard:
        """One utterance of a live call, quickly; `words` are likely, and with `guess` one of them is preferred to nothing."""
        heard = self._brief.hear(levelled(resampled(sound, RATE), greatest_gain_db=vad.GREATEST_GAIN_DB).samples, RATE, words, guess)
        return Heard("", (), 0.0) if INVENTED.search(heard.raw) else heard

    def stream(self, rate: int) -> CutStream:
        return CutStream(self, rate)


class Encoded:
    """What the encoder made of the last window, for whoever asks for the same once more."""

    def __init__(self, encode: Callable[[Any], Any]) -> None:
        self._encode = encode
        self._last: tuple[bytes, Any] = (b"", None)

    def __call__(self, features: Any) -> Any:
        key = features.tobytes()
        if key != self._last[0]:
            self._last = (key, self._encode(features))
        return self._last[1]


class _Engine:
    """faster-whisper in the registry."""

    kind = "whisper"
    takes_hotwords = True

    def takes(self, folder: Path) -> bool:
        return (folder / "model.bin").is_file()

    def load(self, choice: Choice, hotwords: Sequence[str]) -> WhisperEngine:
        return WhisperEngine(Path(choice.folder), choice.model, choice.threads, "，".join(hotwords))


ENGINE = _Engine()


def _bare(text: str) -> str:
    return text.strip().rstrip("，,")


def _words(segments: list[Any]) -> tuple[Word, ...]:
    """Whole segments: Mandarin has no spaces, and their times are what Whisper knows well."""
    return tuple(Word(s.text.strip(), round(s.start, 2), round(s.end, 2), round(s.avg_logprob, 3)) for s in segments)


def _score(segments: list[Any]) -> float:
    """The segments' average log probability, weighted by their length."""
    seconds = sum(max(s.end - s.start, 0.01) for s in segments)
    return round(sum(s.avg_logprob * max(s.end - s.start, 0.01) for s in segments) / seconds, 3) if segments else 0.0
