"""Every prompt is as loud as the next one, whoever speaks it and however long the pauses are."""

from __future__ import annotations

import numpy as np
import pytest

from speech import audio
from speech.audio import Sound
from speech.loudness import LEVEL_DBOV, PEAK_DBOV, SILENCE_DBOV, active_level, at_one_loudness
from speech.voice import Voice
from tests.speech.conftest import joined, silence, tones


def at(dbov: float, seconds: float = 5.0) -> Sound:
    return tones(1000, seconds=seconds, loudness=float(10 ** (dbov / 20) * np.sqrt(2)))


@pytest.mark.parametrize("dbov", [-45.0, -26.0, -10.0])
def test_a_steady_tone_has_the_level_of_its_power(dbov: float) -> None:
    assert active_level(at(dbov)) == pytest.approx(dbov, abs=0.1)


def test_pauses_and_the_noise_in_them_do_not_count() -> None:
    noise = Sound(np.random.default_rng(1).normal(0, 10 ** (-65 / 20), 8000 * 20).astype(np.float32), 8000)
    assert active_level(joined(silence(9), at(-26.0), silence(9))) == pytest.approx(-26.0, abs=0.4)
    assert active_level(joined(noise, at(-26.0), noise)) == pytest.approx(-26.0, abs=0.4)
    assert active_level(silence(3)) == SILENCE_DBOV
    assert at_one_loudness(silence(3)).samples.max() == 0.0


def test_whoever_speaks_is_heard_at_one_level(voice: Voice) -> None:
    said = audio.resampled(voice.speak("您好，这里是市民服务热线。请按一。"), 8000)
    for gain in (0.02, 0.3, 1.0):
        heard = at_one_loudness(joined(Sound(said.samples * np.float32(gain), 8000), silence(3)))
        assert active_level(heard) == pytest.approx(LEVEL_DBOV, abs=0.3)


def test_a_peak_is_never_clipped() -> None:
    click = Sound(np.concatenate([at(-50.0).samples, np.array([0.5], np.float32)]), 8000)
    assert np.abs(at_one_loudness(click).samples).max() == pytest.approx(10 ** (PEAK_DBOV / 20), rel=0.01)
