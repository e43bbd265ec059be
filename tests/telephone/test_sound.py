"""The proof by sound: the same clip is found again, another is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telephone import sound


def test_a_clip_is_found_where_it_is_in_what_was_heard() -> None:
    clip = sound.babble(2, seed=1)
    heard = np.concatenate([sound.silence(1.5), (clip * 0.4).astype(np.int16), sound.silence(1)])
    found = sound.match(heard, clip)
    assert found.correlation > 0.999
    assert found.at == 12000


def test_a_clip_in_noise_is_less_like_itself() -> None:
    clip = sound.babble(2, seed=1)
    noisy = (clip.astype(np.int32) + sound.babble(2, seed=2)).astype(np.int16)
    assert 0.5 < sound.match(noisy, clip).correlation < 0.9


def test_a_lost_packet_is_not_a_lost_word() -> None:
    clip = sound.babble(2, seed=1)
    heard = np.concatenate([clip[:5000], clip[5160:]])
    assert sound.match(heard, clip).correlation < 0.9
    assert sound.share(heard, clip) >= 7 / 8
    assert sound.share(heard, sound.babble(2, seed=2)) == 0


def test_another_clip_is_not_found() -> None:
    assert sound.match(sound.babble(5, seed=1), sound.babble(2, seed=2)).correlation < 0.3


@pytest.mark.parametrize("heard", [sound.silence(0), sound.silence(1), sound.silence(5)])
def test_nothing_is_found_in_silence(heard: sound.Samples) -> None:
    assert sound.match(heard, sound.babble(2, seed=1)).correlation == 0


def test_the_opening_of_a_clip_starts_where_it_becomes_audible() -> None:
    clip = np.concatenate([sound.silence(0.5), sound.babble(3, seed=4)])
    assert len(sound.opening(clip, 1.0)) == sound.RATE
    assert sound.match(clip, sound.opening(clip, 1.0)).at >= 4000


def test_a_tone_is_told_from_voices_and_from_keys() -> None:
    beep = (np.sin(2 * np.pi * 1000 * np.arange(3400) / sound.RATE) * 6000).astype(np.int16)
    heard = np.concatenate([sound.babble(2, seed=1), sound.silence(0.33), beep])
    end = sound.tone(heard)
    assert end is not None
    assert 18640 + 2000 <= end <= 18640 + 2400
    assert sound.tone(np.concatenate([sound.babble(3, seed=2), sound.silence(1), sound.keys("159")])) is None


def test_keys_are_two_tones_each() -> None:
    tone = sound.keys("5")[:800].astype(float)
    spectrum = np.abs(np.fft.rfft(tone, 8000))
    assert {int(hertz) for hertz in np.argsort(spectrum)[-2:]} == {770, 1336}


def test_a_telephone_has_no_other_keys() -> None:
    with pytest.raises(sound.SoundError, match="'x' is no key"):
        sound.keys("1x")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    clip = sound.babble(0.5, seed=3)
    sound.write(tmp_path / "clip.wav", clip)
    assert (sound.read(tmp_path / "clip.wav") == clip).all()


def test_a_file_that_is_no_telephone_clip_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(sound.SoundError, match=r"bad\.wav"):
        sound.read(tmp_path / "bad.wav")
