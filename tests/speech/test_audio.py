"""Whatever sound a hotline meets is read; whatever is none is refused with the reason."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speech import audio
from speech.audio import AudioEmpty, AudioError, AudioTooLarge, AudioUnreadable, Sound
from tests.speech.conftest import saved, silence, tones

TONE = tones(440, seconds=0.5)


def alike(found: Sound, said: Sound) -> float:
    size = min(len(found.samples), len(said.samples))
    return float(np.corrcoef(found.samples[:size], said.samples[:size])[0, 1])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8", "PCM_24", "PCM_32", "FLOAT", "ALAW", "ULAW", "GSM610"])
def test_every_coding_of_a_telephone_is_read(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "said.wav", TONE.samples, TONE.rate, subtype=subtype)
    found = audio.read(tmp_path / "said.wav")
    assert found.rate == 8000
    assert alike(found, TONE) > 0.98


@pytest.mark.parametrize(("ending", "subtype"), [(".alaw", "ALAW"), (".ulaw", "ULAW"), (".gsm", "GSM610"), (".sln", "PCM_16")])
def test_asterisks_files_without_a_header_are_read(tmp_path: Path, ending: str, subtype: str) -> None:
    path = tmp_path / f"said{ending}"
    soundfile.write(path, TONE.samples, TONE.rate, format="RAW", subtype=subtype)
    assert alike(audio.read(path), TONE) > 0.98


def test_a_studio_recording_becomes_telephone_sound(tmp_path: Path) -> None:
    studio = tones(440, rate=44_100)
    soundfile.write(tmp_path / "said.wav", np.stack([studio.samples, studio.samples], 1), 44_100, subtype="PCM_24")
    found = audio.resampled(audio.read(tmp_path / "said.wav"), 8000)
    assert found.samples.ndim == 1
    assert alike(found, tones(440)) > 0.98


@pytest.mark.parametrize("sizes", [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (36, 10**9)])
def test_a_header_that_asterisk_never_finished_is_mended(tmp_path: Path, sizes: tuple[int, int]) -> None:
    path = saved(tmp_path, TONE)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, sizes[0])
    struct.pack_into("<I", data, 40, sizes[1])
    path.write_bytes(data[:-1])  # the last sample half written
    found = audio.read(path)
    assert len(found.samples) == len(TONE.samples) - 1


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", AudioEmpty),
        (b"RIFF", AudioUnreadable),
        (b"RIFF\0\0\0\0WAVEfmt ", AudioUnreadable),
        (b"this is no sound, whatever its name says", AudioUnreadable),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", AudioUnreadable),
    ],
)
def test_what_is_no_sound_is_refused_by_name(tmp_path: Path, data: bytes, refusal: type[AudioError]) -> None:
    (tmp_path / "odd.wav").write_bytes(data)
    with pytest.raises(refusal, match="odd.wav"):
        audio.read(tmp_path / "odd.wav")


def test_a_header_with_nothing_behind_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(AudioEmpty):
        audio.read(saved(tmp_path, silence(0)))


def test_a_recording_longer_than_any_call_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioTooLarge, match="longer than 1 s"):
        audio.read(saved(tmp_path, silence(2)), maximum_seconds=1)


@pytest.mark.parametrize("rate", [1, 1_000_000])
def test_an_absurd_rate_is_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "odd.wav", TONE.samples, rate)
    with pytest.raises(AudioUnreadable, match="samples a second"):
        audio.read(tmp_path / "odd.wav")


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "odd.wav", np.full(100, np.nan, np.float32), 8000, subtype="FLOAT")
    with pytest.raises(AudioUnreadable, match="no numbers"):
        audio.read(tmp_path / "odd.wav")


@given(data=st.binary(max_size=300), wave=st.booleans())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_hostile_bytes_are_refused_and_never_more(tmp_path: Path, data: bytes, wave: bool) -> None:
    path = tmp_path / "hostile.wav"
    path.write_bytes((b"RIFF\x10\0\0\0WAVE" if wave else b"") + data)
    try:
        assert np.isfinite(audio.read(path).samples).all()
    except AudioError as refusal:
        assert "hostile.wav" in str(refusal)


def test_prompts_are_equally_loud_and_never_clip() -> None:
    quiet, loud = tones(440, loudness=0.01), tones(440, loudness=0.9)
    levels = [audio.speech_level(audio.levelled(sound)) for sound in (quiet, loud)]
    assert levels == pytest.approx([0.1, 0.1], rel=0.01)
    click = Sound(np.where(np.arange(8000) == 4000, 1.0, quiet.samples).astype(np.float32), 8000)
    assert np.abs(audio.levelled(click).samples).max() <= 0.71


def test_silence_stays_silence() -> None:
    assert not audio.levelled(silence(1)).samples.any()
    assert audio.levelled(silence(0)).seconds == 0
