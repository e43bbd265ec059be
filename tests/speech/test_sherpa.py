"""sherpa-onnx on small models of our own: what is heard, when, in pieces, and what is refused before its C++ can end the process."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path

import pytest

from speech import audio, engines, registry
from speech.choice import Choice
from speech.pool import Pool
from speech.recogniser import EngineUnusable, Phrase, Recogniser, Recognition
from speech.sherpa_engine import ENGINE, known_phrases, model_faults
from speech.voice import Voice
from tests.speech import toy_models
from tests.speech.conftest import Here, joined, saved, silence, tones

Toy = Callable[[Path], Path]
LOW, HIGH = tones(300, seconds=0.8), tones(3000, seconds=0.8)
PAUSE = silence(0.6)
LINE = joined(PAUSE, LOW, PAUSE, HIGH, PAUSE, LOW, PAUSE)


def loaded(folder: Path, hotwords: tuple[str, ...] = ()) -> Recogniser:
    return ENGINE.load(Choice("sherpa-onnx", folder.name, str(folder), threads=1), hotwords)


@pytest.mark.parametrize("toy", [toy_models.sense_voice, toy_models.paraformer, toy_models.transducer])
def test_what_sounds_low_and_high_is_heard_in_order(toy: Toy, tmp_path: Path) -> None:
    heard = loaded(toy(tmp_path / "toy")).hear(LINE)
    assert _without_repeats(heard.raw.replace("，", "")) == "低高低"


def test_the_words_of_sense_voice_have_their_times(tmp_path: Path) -> None:
    heard = loaded(toy_models.sense_voice(tmp_path / "toy")).hear(LINE)
    assert [word.text for word in heard.words] == ["低", "高", "低"]
    assert [word.start_seconds for word in heard.words] == pytest.approx([0.6, 2.0, 3.4], abs=0.15)


def test_a_transducer_says_what_it_hears_while_it_is_spoken_and_closes_each_phrase(tmp_path: Path) -> None:
    stream = loaded(toy_models.transducer(tmp_path / "toy")).stream(8000)
    line = joined(LINE, silence(3.0), HIGH)
    phrases: list[Phrase] = []
    for start in range(0, len(line.samples), 800):
        phrases += stream.feed(line.samples[start : start + 800])
    before_the_end = [phrase for phrase in phrases if phrase.final]
    phrases += stream.finish()
    final = [phrase for phrase in phrases if phrase.final]
    assert "".join(phrase.raw for phrase in final) == "低高低高"
    assert before_the_end, "a pause closes a phrase; nobody has to wait for the end of the call"
    assert any(not phrase.final for phrase in phrases)
    assert all(phrase.score < 0 for phrase in final)
    assert final[-1].start_seconds == pytest.approx(7.8, abs=0.4)


def test_an_engine_without_streaming_is_cut_at_pauses_and_tones_are_not_speech(tmp_path: Path) -> None:
    stream = loaded(toy_models.sense_voice(tmp_path / "toy")).stream(8000)
    assert stream.feed(LINE.samples) == []
    assert stream.finish() == []


def test_hot_words_a_model_cannot_spell_are_left_out(tmp_path: Path) -> None:
    folder = toy_models.transducer(tmp_path / "toy")
    assert known_phrases(folder / "tokens.txt", ["高低", "东营", ""]) == ["高低"]
    assert _without_repeats(loaded(folder, ("高低", "东营")).hear(LINE).raw.replace("，", "")) == "低高低"


def test_a_folder_is_known_by_its_files_and_used_by_its_path(bare: Here, tmp_path: Path) -> None:
    folder = toy_models.sense_voice(tmp_path / "ours")
    choice = engines.choose(bare, model=str(folder))
    assert (choice.engine, choice.model) == ("sherpa-onnx", "ours")
    assert engines.choose(bare, "sherpa-onnx", str(toy_models.transducer(tmp_path / "t"))).model == "t"
    with pytest.raises(EngineUnusable, match="needs speech.model"):
        engines.choose(bare, "sherpa-onnx")
    with pytest.raises(EngineUnusable, match="holds no model for vosk"):
        engines.choose(bare, "vosk", str(folder))


@pytest.mark.parametrize("missing", ["tokens.txt", "joiner-toy.onnx"])
def test_a_folder_without_its_parts_is_refused(missing: str, tmp_path: Path) -> None:
    folder = toy_models.transducer(tmp_path / "toy")
    (folder / missing).write_bytes(b"")
    with pytest.raises(EngineUnusable, match=missing.partition("-")[0]):
        loaded(folder)
    assert model_faults(tmp_path / "gone") == [f"{tmp_path / 'gone'}: no such folder"]


def test_a_file_that_is_no_model_is_refused_before_it_ends_the_process(tmp_path: Path) -> None:
    folder = toy_models.transducer(tmp_path / "toy")
    (folder / "encoder-toy.onnx").write_bytes(b"no model")
    with pytest.raises(EngineUnusable, match="ONNX Runtime"):
        loaded(folder)
    other = toy_models.transducer(tmp_path / "other")
    (other / "encoder-toy.onnx").rename(other / "model.onnx")
    (other / "decoder-toy.onnx").unlink()
    (other / "joiner-toy.onnx").unlink()
    with pytest.raises(EngineUnusable, match="neither SenseVoice nor Paraformer"):
        loaded(other)


def test_a_worker_with_it_answers_as_with_any_engine(tmp_path: Path, voice: Voice) -> None:
    folder = toy_models.sense_voice(tmp_path / "ours")
    with Pool(Choice("sherpa-onnx", "ours", str(folder), threads=1)) as pool:
        heard = pool.transcribe(saved(tmp_path, audio.resampled(voice.speak("我要投诉。"), 8000)))
    assert isinstance(heard, Recognition)
    assert (heard.engine, heard.model, heard.score_kind) == ("sherpa-onnx", "ours", "none")
    assert set(heard.raw) <= {"高", "低"}


def test_engines_are_found_by_name() -> None:
    assert {"vosk", "faster-whisper", "sherpa-onnx"} <= set(registry.names())
    with pytest.raises(EngineUnusable, match="none of auto, faster-whisper, sherpa-onnx, vosk"):
        registry.engine("kaldi")


def test_another_packages_broken_engine_costs_only_itself(monkeypatch: pytest.MonkeyPatch, bare: Here, tmp_path: Path) -> None:
    broken = EntryPoint("aaa-broken", "no_such_package:ENGINE", registry.GROUP)
    ours = list(entry_points(group=registry.GROUP))
    points = EntryPoints([broken, *ours])
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: points.select(**wanted))
    with pytest.raises(EngineUnusable, match="aaa-broken cannot be loaded from no_such_package:ENGINE"):
        registry.engine("aaa-broken")
    assert engines.choose(bare, model=str(toy_models.sense_voice(tmp_path / "ours"))).engine == "sherpa-onnx"


def _without_repeats(text: str) -> str:
    kept = [char for place, char in enumerate(text) if char != "静" and text[place - 1 : place] != char]
    return "".join(kept)
