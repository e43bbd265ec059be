"""Recordings from elsewhere become prompts: whatever a telephone or a studio wrote, and nothing that is no recording."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from hotline.cli import build
from speech import audio, imported
from speech.audio import AudioError, AudioTooLarge
from speech.loudness import LEVEL_DBOV, active_level
from tests.speech.conftest import joined, silence, tones

LINE = joined(silence(1, 44_100), tones(440, seconds=2, rate=44_100), silence(1, 44_100))
CODECS = {".m4a": ("mp4", "aac"), ".mp3": ("mp3", "libmp3lame"), ".ogg": ("ogg", "libopus"), ".aac": ("adts", "aac"), ".flac": ("flac", "flac")}


def recorded(path: Path) -> Path:
    """What a telephone would have written."""
    container, codec = CODECS[path.suffix]
    with av.open(str(path), "w", format=container) as media:
        rate = 48_000 if codec == "libopus" else 44_100  # it knows no other
        stream = media.add_stream(codec, rate=rate, layout="stereo")
        samples = (LINE.samples * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, 2)[None, :], format="s16", layout="stereo")
        frame.sample_rate = 44_100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            media.mux(packet)
    return path


@pytest.mark.parametrize("kind", sorted(CODECS))
def test_every_kind_is_heard(kind: str, tmp_path: Path) -> None:
    sound = imported.read(recorded(tmp_path / f"welcome{kind}"), 60)
    assert sound.seconds == pytest.approx(4, abs=0.2)
    spectrum = np.abs(np.fft.rfft(sound.samples))
    assert np.argmax(spectrum) * sound.rate / len(sound.samples) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("name", ["welcome.m4a", "welcome.mp3", "welcome.ogg"])
@pytest.mark.parametrize("data", [b"", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"\0" * 5000])
def test_what_is_no_recording_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AudioError, match=name):
        imported.read(tmp_path / name, 60)


def test_one_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioTooLarge, match="longer than 2 s"):
        imported.read(recorded(tmp_path / "welcome.m4a"), 2)


def test_a_city_takes_its_recordings_in_and_callers_hear_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = tmp_path / "city"
    city.mkdir()
    (city / "prompts.yaml").write_text("welcome: 您好。\n", encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(f"menu:\n  city: {city}\n")
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    theirs = recorded(tmp_path / "welcome.m4a")
    done = CliRunner().invoke(build(), ["prompts", "import", str(theirs)])
    assert done.exit_code == 0, done.stderr
    assert CliRunner().invoke(build(), ["prompts", "render"]).exit_code == 0
    heard = audio.read(tmp_path / "sounds/zh/welcome.wav")
    assert heard.rate == 8000
    assert heard.seconds == pytest.approx(2.3, abs=0.2), "the silence before and after is cut"
    assert active_level(heard) == pytest.approx(LEVEL_DBOV, abs=0.5), "as loud as all others"
    refused = CliRunner().invoke(build(), ["prompts", "import", str(theirs), str(theirs.rename(tmp_path / "welcom.m4a"))])
    assert refused.exit_code == 2
    assert CliRunner().invoke(build(), ["prompts", "import", str(tmp_path / "welcom.m4a")]).exit_code == 2
    assert CliRunner().invoke(build(), ["prompts", "import", str(tmp_path / "welcom.m4a"), "--as", "welcome"]).exit_code == 0
