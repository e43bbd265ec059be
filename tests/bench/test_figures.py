"""What the tables are made of; the measuring itself is proven by measuring."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from bench import report
from bench.answer import silence_before
from bench.line import ALAW, _header, _media
from telephone import sound


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)  # fmt: skip
def test_a_percentile_is_a_measured_value(share: float, value: int) -> None:
    assert report.percentile(list(range(100, 0, -1)), share) == value


def test_of_few_values_the_99th_percentile_is_the_worst_and_of_none_there_is_none() -> None:
    assert report.percentile([3.0, 1.0], 0.99) == 3.0
    with pytest.raises(ValueError, match="no values"):
        report.percentile([], 0.5)


def test_loudness_of_alaw_is_what_soundfile_reads() -> None:
    data = bytes(range(256))
    about = b"RIFF" + struct.pack("<I", 36 + 256) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 6, 1, 8000, 8000, 1, 8)
    read, _ = soundfile.read(io.BytesIO(about + b"data" + struct.pack("<I", 256) + data), dtype="int16")
    assert np.array_equal(ALAW, np.abs(read.astype(np.int32)))


def test_the_silence_a_recording_begins_with_is_not_the_hotlines(tmp_path: Path) -> None:
    clip = np.concatenate((sound.silence(0.13), sound.babble(1, seed=1) + np.int16(1000)))
    sound.write(tmp_path / "prompt.wav", clip)
    assert silence_before(tmp_path / "prompt.wav") == pytest.approx(0.12)


def test_where_audio_goes_is_read_from_the_answer() -> None:
    text = "SIP/2.0 200 OK\r\nCall-ID: x@y\r\nTO: <sip:1@h>;tag=7\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 30004 RTP/AVP 8\r\n"
    assert _media(text) == ("127.0.0.1", 30004)
    assert (_header(text, "To"), _header(text, "Via")) == ("<sip:1@h>;tag=7", "")
    with pytest.raises(ValueError, match="without audio"):
        _media("SIP/2.0 200 OK\r\n\r\n")


def test_figures_are_shown_and_kept(tmp_path: Path) -> None:
    screen = io.StringIO()
    report.show(Console(file=screen, width=120), "Title", [{"way": "AGI", "p99_ms": 12.5, "aim_met": False, "none": None}])
    assert all(text in screen.getvalue() for text in ("Title", "p99 ms", "12.5", "NO", "-"))
    path = report.write(tmp_path, "answer", report.machine(), [{"way": "AGI"}])
    assert json.loads(path.read_text())["rows"] == [{"way": "AGI"}]
