"""What is no speech is cut out before anything is recognised, and every moment is found again in the recording."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from speech import audio, trimming, vad
from speech.audio import Sound
from speech.recogniser import Heard, NoSpeech, Recognition, Word
from speech.text.understanding import Understanding
from speech.trimming import HIGH, LOW
from speech.vad import Span
from speech.voice import Voice
from speech.worker import transcribe
from tests.speech.conftest import joined, saved, silence, tones

SAID = "你好，我要投诉，我们小区楼下的工地每天晚上施工。"
KEY_SECONDS = 0.1


@pytest.fixture(scope="module")
def citizen(voice: Voice) -> Sound:
    return audio.resampled(voice.speak(SAID), 8000)


@pytest.mark.parametrize("off", [0.985, 1.0, 1.015], ids=["1.5 % low", "exact", "1.5 % high"])
def test_every_key_of_every_telephone_is_found_where_it_was_pressed(off: float) -> None:
    for low, high in itertools.product(LOW, HIGH):
        [found] = trimming.tones(joined(silence(0.4), tones(low * off, high * off, seconds=KEY_SECONDS), silence(0.4)))
        assert found.start_seconds == pytest.approx(0.4, abs=0.03)
        assert found.seconds == pytest.approx(KEY_SECONDS, abs=0.04)


@pytest.mark.parametrize("frequency", trimming.SINGLE, ids=["busy", "fax calls", "fax answers"])
def test_the_networks_own_tones_are_found(frequency: float) -> None:
    assert [round(found.seconds, 1) for found in trimming.tones(joined(silence(1), tones(frequency, seconds=0.5), silence(1)))] == [0.5]


def test_nobody_who_speaks_is_taken_for_a_tone(citizen: Sound) -> None:
    hum = tones(150, 300, 450, 600, seconds=2)  # a vowel held for long
    assert trimming.tones(citizen) == [] and trimming.tones(hum) == []


def test_keys_amid_the_words_go_and_the_words_stay(citizen: Sound) -> None:
    half = len(citizen.samples) // 2
    first, second = Sound(citizen.samples[:half], 8000), Sound(citizen.samples[half:], 8000)
    key = tones(697, 1209, seconds=0.3)
    cut = trimming.trimmed(joined(first, key, second), [Span(0.0, citizen.seconds + key.seconds)])
    assert trimming.tones(cut.sound) == []
    assert cut.sound.seconds == pytest.approx(citizen.seconds + trimming.GAP_SECONDS, abs=0.06)


def test_each_moment_is_found_again_in_the_recording() -> None:
    sound = Sound(np.arange(8000 * 20, dtype=np.float32) / 1e9, 8000)  # each sample says where it was
    cut = trimming.trimmed(sound, [Span(2.0, 3.0), Span(10.0, 12.5)])
    gap = int(trimming.GAP_SECONDS * 8000)
    for at in range(0, len(cut.sound.samples), 97):
        if cut.sound.samples[at] or at == 0:
            assert cut.back(at / 8000) == pytest.approx(float(cut.sound.samples[at]) * 1e9 / 8000, abs=0.01), at
    assert [piece.start_seconds for piece in cut.pieces] == [1.7, 9.7]
    assert len(cut.sound.samples) == int((1.6 + 3.1) * 8000) + gap
    assert cut.back(1e9) == pytest.approx(12.8)
    assert trimming.trimmed(sound, []).back(3.0) == 0.0


class Counting:
    """An engine that understands one word: how long it was made to listen."""

    engine, model, language, score_kind = "counting", "none", "zh", "none"

    def __init__(self) -> None:
        self.asked: list[Sound] = []

    def hear(self, sound: Sound) -> Heard:
        self.asked.append(sound)
        return Heard("施工", (Word("施工", sound.seconds - 1.0, sound.seconds - 0.3, 0.0),), 0.0)


def test_an_engine_hears_speech_only_and_its_words_have_the_recordings_times(citizen: Sound, tmp_path: Path) -> None:
    engine = Counting()
    recording = joined(silence(7), tones(450, seconds=3), silence(4), citizen, silence(20), tones(941, 1336, seconds=2))
    heard = transcribe(engine, saved(tmp_path, recording), Understanding())
    assert isinstance(heard, Recognition)
    [asked] = engine.asked
    assert asked.seconds < citizen.seconds + 2 * vad.PAD_SECONDS + 0.2
    [word] = heard.words
    assert 14 + citizen.seconds - 1.5 < word.end_seconds < 14 + citizen.seconds + 0.5
    assert heard.seconds == pytest.approx(recording.seconds, abs=0.01)


def test_where_only_keys_were_pressed_no_engine_is_asked(tmp_path: Path) -> None:
    engine = Counting()
    keys = joined(*(sound for low in LOW for sound in (tones(low, 1336, seconds=0.4), silence(0.2))))
    assert isinstance(transcribe(engine, saved(tmp_path, keys), Understanding()), NoSpeech)
    assert engine.asked == []
