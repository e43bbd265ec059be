"""Vosk's plumbing, with the Korean model that a package index carries: what it is fed, what it answers, what never reaches it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speech import audio, catalogue, vosk_engine
from speech.audio import Sound
from speech.choice import Choice
from speech.pool import Pool
from speech.recogniser import EngineUnusable, Heard, NoSpeech, Recognition, SoundRefused
from speech.voice import Voice
from speech.vosk_engine import VoskEngine, check, grammar_json, model_faults, model_rate
from speech.vosk_stream import folded, heard
from tests.speech.conftest import model_folder, saved, silence, tones


@pytest.fixture(scope="module")
def korean() -> Path:
    return model_folder(catalogue.VOSK_KOREAN)


@pytest.fixture
def copy(korean: Path, tmp_path: Path) -> Path:
    """The model as links, so that a test can harm single files."""
    return Path(shutil.copytree(korean, tmp_path / "model", copy_function=os.link))


def harm(path: Path, data: bytes) -> None:
    path.unlink()  # it is a link to the real one
    path.write_bytes(data)


def test_something_is_heard_in_a_process_of_its_own(korean: Path, voice: Voice, tmp_path: Path) -> None:
    """The model expects Korean and is told Mandarin: the words are wrong, the way they take is right."""
    said = audio.resampled(voice.speak("你好，我要投诉。"), 8000)
    with Pool(Choice("vosk", "vosk-ko", str(korean), language="ko")) as pool:
        result = pool.transcribe(saved(tmp_path, said))
        nothing = pool.transcribe(saved(tmp_path, silence(3)))
    assert isinstance(result, Recognition)
    assert (result.engine, result.model, result.score_kind) == ("vosk", "vosk-ko", "word confidence")
    assert result.raw == " ".join(word.text for word in result.words)
    assert all(0 <= word.start_seconds < word.end_seconds <= result.seconds for word in result.words)
    assert all(0 <= word.score <= 1 for word in result.words)
    assert isinstance(nothing, NoSpeech)


def test_a_grammar_leaves_it_no_other_words(korean: Path, voice: Voice, tmp_path: Path) -> None:
    """In a process of its own: a wrong grammar ends the process it is in."""
    program = (
        "import sys, json; from pathlib import Path; from speech import audio; from speech.vosk_engine import VoskEngine; "
        "engine = VoskEngine(Path(sys.argv[1]), 'ko', 'ko', grammar=['아니', '한국']); "
        "print(json.dumps([word.text for word in engine.hear(audio.read(Path(sys.argv[2]))).words]))"
    )
    said = saved(tmp_path, audio.resampled(voice.speak("安宁，汉谷，安宁。"), 8000))
    done = subprocess.run([sys.executable, "-c", program, str(korean), str(said)], capture_output=True, text=True, timeout=60, check=True)
    words = json.loads(done.stdout)
    assert words
    assert set(words) <= {"아니", "한국"}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("graph/Gr.fst", None, "Gr.fst is missing"),
        ("am/final.mdl", b"", "final.mdl is missing or empty"),
        ("graph/HCLr.fst", b"<html>not found</html>", "no OpenFst file"),
        ("ivector/final.ie", b"\0Bcut", "final.ie is cut: 5 bytes of"),
        ("conf/mfcc.conf", b"--sample-frequency=abc\n", "mfcc.conf is cut"),
    ],
)
def test_a_cut_model_never_reaches_the_library(copy: Path, name: str, data: bytes | None, says: str) -> None:
    (copy / name).unlink() if data is None else harm(copy / name, data)
    with pytest.raises(EngineUnusable, match=says):
        VoskEngine(copy, "mine")


def test_a_whole_model_has_no_faults(korean: Path, tmp_path: Path) -> None:
    assert model_faults(korean) == []
    assert model_faults(tmp_path / "gone") == [f"{tmp_path / 'gone'}: no such folder"]


@pytest.mark.parametrize("rate", [0, -8000, 1, 10**9])
def test_a_rate_that_hangs_or_kills_it_is_refused(rate: int) -> None:
    with pytest.raises(SoundRefused, match="samples a second"):
        check(Sound(np.zeros(8000, np.float32), rate))


@pytest.mark.parametrize(
    "samples",
    [np.zeros((8000, 2), np.float32), np.zeros(0, np.float32), np.full(800, np.nan, np.float32)],
    ids=["stereo", "nothing", "no numbers"],
)
def test_what_it_would_take_for_noise_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(SoundRefused):
        check(Sound(samples, 8000))


@pytest.mark.parametrize("phrases", [[], [""], ["a\0b"], [" "], "投诉", [3], ["x"] * 20_001])
def test_a_grammar_that_is_a_segmentation_fault_is_refused(phrases: list) -> None:
    with pytest.raises(EngineUnusable, match="grammar"):
        grammar_json(phrases)


def test_a_grammar_keeps_its_characters() -> None:
    assert grammar_json(["投诉", "[unk]"]) == '["投诉", "[unk]"]'


@pytest.mark.parametrize(("line", "says"), [("--sample-frequency=abc", "is no number"), ("--sample-frequency=0", "not between")])
def test_a_model_of_an_absurd_rate_is_refused(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/mfcc.conf").write_text(f"--num-mel-bins=40\n{line}\n")
    with pytest.raises(EngineUnusable, match=says):
        model_rate(tmp_path)


def test_a_model_says_its_rate(korean: Path) -> None:
    assert model_rate(korean) == (16_000, True)


def test_folding_mirrors_the_spectrum_upwards() -> None:
    twice = folded(tones(1000).samples)
    spectrum = np.abs(np.fft.rfft(twice))
    assert len(twice) == 16_000
    assert sorted(np.argsort(spectrum)[-2:]) == [1000, 7000]  # one second: a bin is a Hertz


def test_results_are_joined_chinese_without_spaces() -> None:
    words = [{"word": word, "start": at, "end": at + 0.5, "conf": conf} for word, at, conf in (("我 要", 0.0, 1.0), ("投诉", 0.5, 0.5))]
    joined = heard([{"text": "我 要 投诉", "result": words}, {"text": ""}, {"text": "ok 吗"}])
    assert joined.raw == "我要投诉 ok 吗"
    assert joined.score == 0.75
    assert heard([{"text": ""}]) == Heard("", (), 0.0)


def test_nothing_but_this_engine_imports_the_library() -> None:
    program = "import sys, speech.engines, speech.pool, speech.worker, speech.vosk_engine; sys.exit('vosk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0
    assert vosk_engine.VoskEngine.engine == "vosk"
