"""sherpa-onnx as a recogniser: SenseVoice, Paraformer and streaming transducers, each a folder on this machine.

Its C++ ends the whole process over a model it does not like, so what can be seen beforehand is refused here in words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speech.audio import Samples, Sound, levelled, resampled
from speech.choice import Choice
from speech.cutting import CutStream
from speech.recogniser import EngineUnusable, Heard, Phrase, Stream, Word

RATE = 16_000
TOKENS = "tokens.txt"
TRANSDUCER = ("encoder", "decoder", "joiner")
GREATEST_GAIN_DB = 30.0
TAIL_SECONDS = 0.6  # of silence after the last word, for the model's own context
HOTWORDS_SCORE = 1.5


class OfflineEngine:
    """SenseVoice or Paraformer: whole utterances."""

    engine = "sherpa-onnx"
    score_kind = "none"  # neither tells one

    def __init__(self, recogniser: Any, model: str, language: str) -> None:
        self._recogniser = recogniser
        self.model, self.language = model, language

    def hear(self, sound: Sound) -> Heard:
        stream = self._recogniser.create_stream()
        stream.accept_waveform(RATE, _fed(sound))
        self._recogniser.decode_stream(stream)
        result = stream.result
        words = tuple(
            Word(token, round(at, 2), round(at, 2), 0.0)
            for token, at in zip(result.tokens, result.timestamps or [0.0] * len(result.tokens), strict=False)
        )
        return Heard(raw=result.text.strip(), words=words, score=0.0)

    def stream(self, rate: int) -> Stream:
        return CutStream(self, rate)


class OnlineEngine:
    """A streaming transducer."""

    engine = "sherpa-onnx"
    score_kind = "token log probability"

    def __init__(self, recogniser: Any, model: str, language: str) -> None:
        self._recogniser = recogniser
        self.model, self.language = model, language

    def hear(self, sound: Sound) -> Heard:
        stream = OnlineStream(self._recogniser, RATE)
        phrases = [phrase for phrase in (*stream.feed(_fed(sound)), *stream.finish()) if phrase.final]
        words = tuple(Word(phrase.raw, phrase.start_seconds, phrase.end_seconds, phrase.score) for phrase in phrases)
        length = sum(len(phrase.raw) for phrase in phrases)
        score = sum(phrase.score * len(phrase.raw) for phrase in phrases) / length if length else 0.0
        return Heard(raw="，".join(phrase.raw for phrase in phrases), words=words, score=round(score, 3))

    def stream(self, rate: int) -> Stream:
        return OnlineStream(self._recogniser, rate)


class OnlineStream:
    """A sound on its way through a transducer; sherpa-onnx itself converts its rate and finds where a phrase ends."""

    def __init__(self, recogniser: Any, rate: int) -> None:
        self._recogniser = recogniser
        self._rate = rate
        self._stream = recogniser.create_stream()
        self._partial = ""

    def feed(self, samples: Samples) -> list[Phrase]:
        if not len(samples):
            return []
        self._stream.accept_waveform(self._rate, samples)
        return self._decoded()

    def finish(self) -> list[Phrase]:
        self._stream.accept_waveform(self._rate, [0.0] * int(TAIL_SECONDS * self._rate))
        self._stream.input_finished()
        found = self._decoded()
        return [*found, *self._phrase(final=True)]

    def _decoded(self) -> list[Phrase]:
        """Asks after each step: a long piece may hold the ends of several phrases."""
        found: list[Phrase] = []
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)
            if self._recogniser.is_endpoint(self._stream):
                found += self._phrase(final=True)
                self._recogniser.reset(self._stream)
        return [*found, *self._phrase(final=False)]

    def _phrase(self, *, final: bool) -> list[Phrase]:
        result = self._recogniser.get_result_all(self._stream)
        text = result.text.strip()
        if not text or (not final and text == self._partial):
            return []
        self._partial = "" if final else text
        times, scores = result.timestamps or [0.0], result.ys_probs
        start, end = (round(result.start_time + at, 2) for at in (times[0], times[-1]))
        return [Phrase(text, start, end, round(sum(scores) / len(scores), 3) if scores else 0.0, final)]


class _Engine:
    """sherpa-onnx in the registry."""

    kind = "sherpa"
    takes_hotwords = True

    def takes(self, folder: Path) -> bool:
        return (folder / TOKENS).is_file() and (_is_transducer(folder) or _part(folder, "model") is not None)

    def load(self, choice: Choice, hotwords: Sequence[str]) -> OfflineEngine | OnlineEngine:
        folder = Path(choice.folder)
        faults = model_faults(folder)
        if faults:
            raise EngineUnusable(f"model {choice.model}: {'; '.join(faults)}")
        try:
            import sherpa_onnx
        except (ImportError, OSError) as error:
            raise EngineUnusable(f"sherpa-onnx cannot be loaded: {error}") from error
        if _is_transducer(folder):
            return OnlineEngine(_transducer(sherpa_onnx, folder, choice.threads, hotwords), choice.model, choice.language)
        return OfflineEngine(_offline(sherpa_onnx, folder, choice), choice.model, choice.language)


ENGINE = _Engine()


def model_faults(folder: Path) -> list[str]:
    """What is missing in a model's folder."""
    if not folder.is_dir():
        return [f"{folder}: no such folder"]
    wanted = TRANSDUCER if any(_part(folder, name) for name in TRANSDUCER) else ("model",)
    faults = [f"no {name}*.onnx" for name in wanted if _part(folder, name) is None]
    tokens = folder / TOKENS
    if not (tokens.is_file() and tokens.stat().st_size):
        faults.append(f"{TOKENS} is missing or empty")
    return faults


def _is_transducer(folder: Path) -> bool:
    return all(_part(folder, name) for name in TRANSDUCER)


def _part(folder: Path, name: str) -> Path | None:
    """A part by the beginning of its name, as published models are named; the 8 bit one where there are two."""
    found = sorted(folder.glob(f"{name}*.onnx"), key=lambda path: ("int8" not in path.name, path.name))
    return next((path for path in found if path.is_file() and path.stat().st_size), None)


def _offline(sherpa_onnx: Any, folder: Path, choice: Choice) -> Any:
    path = _part(folder, "model")
    about = _metadata(path)
    common = {"tokens": str(folder / TOKENS), "num_threads": choice.threads}
    if "lang_zh" in about and "with_itn" in about:
        # Figures are written by our own rules (speech.text), which keep the raw words beside them.
        return sherpa_onnx.OfflineRecognizer.from_sense_voice(model=str(path), language=choice.language, use_itn=False, **common)
    if "lfr_window_size" in about:
        return sherpa_onnx.OfflineRecognizer.from_paraformer(paraformer=str(path), **common)
    raise EngineUnusable(f"model {choice.model}: {path and path.name} is neither SenseVoice nor Paraformer by its metadata")


def _metadata(path: Path | None) -> dict[str, str]:
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no base of their own
        raise EngineUnusable(f"{path and path.name}: no model that ONNX Runtime can read: {error}") from error
    return dict(session.get_modelmeta().custom_metadata_map)


def _transducer(sherpa_onnx: Any, folder: Path, threads: int, hotwords: Sequence[str]) -> Any:
    for name in TRANSDUCER:
        _metadata(_part(folder, name))
    common: dict[str, Any] = {
        "tokens": str(folder / TOKENS), "num_threads": threads, "enable_endpoint_detection": True,
        **{name: str(_part(folder, name)) for name in TRANSDUCER},
    }  # fmt: skip
    known = known_phrases(folder / TOKENS, hotwords)
    if not known:
        return sherpa_onnx.OnlineRecognizer.from_transducer(**common)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(known) + "\n")
        file.flush()
        return sherpa_onnx.OnlineRecognizer.from_transducer(
            **common, decoding_method="modified_beam_search", hotwords_file=file.name, hotwords_score=HOTWORDS_SCORE, modeling_unit="cjkchar"
        )


def known_phrases(tokens: Path, phrases: Sequence[str]) -> list[str]:
    """The phrases whose every character the model knows; one unknown character would make sherpa-onnx refuse them all."""
    known = {line.split()[0] for line in tokens.read_text(encoding="utf-8").splitlines() if line.split()}
    return [phrase for phrase in phrases if phrase and all(char in known for char in phrase)]


def _fed(sound: Sound) -> Samples:
    return levelled(resampled(sound, RATE), greatest_gain_db=GREATEST_GAIN_DB).samples
