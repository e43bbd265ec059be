"""The synthetic corpus is what it says: every sentence in every condition, noise at its level, readable as a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench import corpus as making
from hotline.settings import DIALPLANS
from speech import corpus
from speech.audio import Sound
from speech.text import gazetteer
from speech.text.phones import phones

SAID = [{"text": "您好", "places": ["东营区"], "phone": "13605461234"}, {"text": "再见"}]


def speak(text: str) -> Sound:
    """A tone for a voice; its pitch tells the sentences apart."""
    time = np.arange(16_000 * 2) / 16_000
    return Sound((0.3 * np.sin(2 * np.pi * (400 + 50 * len(text)) * time)).astype(np.float32), 16_000)


def test_every_sentence_comes_in_every_condition_and_reads_as_a_corpus(tmp_path: Path) -> None:
    assert making.make(tmp_path, SAID, {"anna": speak}) == 2 * len(making.LINES)
    clips = corpus.read(tmp_path)
    assert len(clips) == 2 * len(making.LINES)
    assert (clips[0].text, clips[0].city, clips[0].places, clips[0].phone) == ("您好", "东营", ("东营区",), "13605461234")
    assert soundfile.info(clips[0].path).subtype == "ALAW"


@pytest.mark.parametrize("line", [line for line in making.LINES if line.noise])
def test_the_noise_is_as_far_below_the_voice_as_it_says(tmp_path: Path, line: making.Line) -> None:
    making.make(tmp_path, SAID, {"anna": speak}, [making.Line("clean"), line])
    clean, _ = soundfile.read(tmp_path / "01_anna_clean.wav")
    noisy, _ = soundfile.read(tmp_path / f"01_anna_{line.name}.wav")
    gain = float(np.dot(clean, noisy) / np.dot(clean, clean)) if line.noise == "noise" else 1.0
    left = noisy - gain * clean
    assert 20 * np.log10(np.std(gain * clean) / np.std(left)) == pytest.approx(line.snr_db, abs=2.0)


def test_the_same_noise_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        making.make(tmp_path / name, SAID, {"anna": speak})
    assert (tmp_path / "a/02_anna_noise10.wav").read_bytes() == (tmp_path / "b/02_anna_noise10.wav").read_bytes()


def test_what_the_sentences_promise_is_in_them() -> None:
    known = {name.text for name in gazetteer.of_city(DIALPLANS / "12345")}
    for one in making.sentences():
        assert all(place in one["text"] and place in known for place in one.get("places", ())), one
        if "phone" in one:
            figures = one["text"].translate(str.maketrans("幺一二三四五六七八九零", "11234567890"))
            assert one["phone"] in figures
            assert [number.valid for number in phones(figures)] == [True]
    assert len(making.sentences()) >= 30
