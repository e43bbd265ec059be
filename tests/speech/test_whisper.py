"""A citizen's Mandarin becomes text; silence, tones and noise become nothing, never invented words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech import aftercare, audio, cer
from speech.audio import Sound
from speech.choice import Choice
from speech.pool import Pool
from speech.recogniser import EngineUnusable, Heard, NoSpeech, Recognition, SoundRefused
from speech.text.gazetteer import PLACE, Name
from speech.text.understanding import Understanding
from speech.voice import Voice
from speech.whisper_engine import INVENTED, Encoded, WhisperEngine
from speech.worker import heard_twice, transcribe
from tests.speech.conftest import joined, saved, silence, tones

SAID = "你好，我要投诉，我们小区楼下的工地每天晚上施工，噪音很大，老人和孩子都没有办法睡觉。我的电话是13812345678。"
DTMF_1 = (697, 1209)
BUSY = joined(*[tones(450, seconds=0.35), silence(0.35)] * 8)
RINGING = joined(tones(450, seconds=1), silence(4), tones(450, seconds=1))


@pytest.fixture(scope="module")
def citizen(voice: Voice) -> Sound:
    return audio.resampled(voice.speak(SAID), 8000)


def test_a_complaint_is_understood_with_the_number_in_figures(whisper: Pool, citizen: Sound, tmp_path: Path) -> None:
    heard = whisper.transcribe(saved(tmp_path, citizen))
    assert isinstance(heard, Recognition)
    assert cer.error_rate(SAID, heard.text) <= 0.30
    assert "13812345678" in heard.text
    assert heard.findings["fields"]["type"]["value"] == "complaint"
    assert [phone["value"] for phone in heard.findings["fields"]["phones"]] == ["13812345678"]
    assert heard.text == aftercare.simplified(heard.text)
    assert (heard.engine, heard.model, heard.score_kind) == ("faster-whisper", "whisper-base", "average log probability")
    assert -1 < heard.score < 0
    assert 0 < heard.speech_seconds <= heard.seconds
    assert all(0 <= word.start_seconds <= word.end_seconds <= heard.seconds + 1 for word in heard.words)


def test_from_a_studio_after_a_crash_and_before_a_long_silence_it_is_the_same_citizen(whisper: Pool, voice: Voice, tmp_path: Path) -> None:
    """Stereo, 44.1 kHz, 24 bit, a header that says 0 bytes; the silence adds no words."""
    short = "路灯坏了，请派人来修。"
    studio = joined(audio.resampled(voice.speak(short), 44_100), silence(20, 44_100))
    path = tmp_path / "studio.wav"
    soundfile.write(path, np.stack([studio.samples] * 2, 1), 44_100, subtype="PCM_24")
    data = bytearray(path.read_bytes())
    size = data.index(b"data") + 4
    data[4:8] = data[size : size + 4] = bytes(4)
    path.write_bytes(data)
    heard = whisper.transcribe(path)
    assert isinstance(heard, Recognition)
    assert cer.error_rate(short, heard.text) <= 0.30
    assert len(cer.normalised(heard.text)) <= len(cer.normalised(short)) + 2
    assert heard.seconds - heard.speech_seconds > 18


@pytest.mark.parametrize(
    "sound",
    [
        silence(10),
        silence(0.3),
        tones(1000, seconds=5),
        joined(*[tones(*DTMF_1, seconds=0.2), silence(0.1)] * 10),
        BUSY,
        RINGING,
        Sound(np.random.default_rng(1).normal(0, 0.02, 64_000).astype(np.float32), 8000),
    ],
    ids=["silence", "a moment", "test tone", "keys", "busy", "ringing", "noise"],
)
def test_where_nobody_speaks_nothing_is_invented(whisper: Pool, sound: Sound, tmp_path: Path) -> None:
    heard = whisper.transcribe(saved(tmp_path, sound))
    assert isinstance(heard, NoSpeech)
    assert heard.seconds == pytest.approx(sound.seconds, abs=0.01)


class Inventor:
    """An engine that always has something to say."""

    engine = model = score_kind = "inventor"
    language = "zh"

    def hear(self, sound: Sound) -> Heard:
        return Heard("谢谢你们，请尽快处理", (), 1.0)


def test_an_engine_is_not_even_asked_about_silence(tmp_path: Path) -> None:
    assert transcribe(Inventor(), saved(tmp_path, joined(BUSY, silence(2))), Understanding()) == NoSpeech(7.6, 0.0)


def test_whisper_alone_says_nothing_about_silence_either(engine: WhisperEngine) -> None:
    assert engine.hear(tones(450, seconds=6)) == Heard("", (), 0.0)


def test_an_empty_recording_is_silence(whisper: Pool, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert whisper.transcribe(tmp_path / "empty.wav") == NoSpeech(0.0)
    assert whisper.transcribe(saved(tmp_path, silence(0))) == NoSpeech(0.0)


CITY = Understanding([Name("广饶县", PLACE), Name("稻庄镇", PLACE), Name("东营市", PLACE)])


def test_places_that_sound_through_are_listened_for_once_more(engine: WhisperEngine, voice: Voice, tmp_path: Path) -> None:
    said = "广饶县稻庄镇的轮胎厂气味很大，晚上窗户都不敢开。"
    heard = transcribe(engine, saved(tmp_path, audio.resampled(voice.speak(said), 8000)), CITY)
    assert isinstance(heard, Recognition)
    assert "广饶县" in heard.text and "稻庄镇" in heard.text
    assert heard.findings["first"] and cer.error_rate(said, heard.text) < cer.error_rate(said, heard.findings["first"])


FIRST = "东营市这边听说广摇线停水三天"


class Hearsay(Inventor):
    """Hears something else when it is asked again."""

    def __init__(self, second: str) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._second = second

    def hear(self, sound: Sound) -> Heard:
        return Heard(FIRST, (), -0.3)

    def again(self, sound: Sound, words: Sequence[str]) -> Heard:
        self.asked.append(tuple(words))
        return Heard(self._second, (), -0.1)


@pytest.mark.parametrize(
    ("second", "seconds", "kept"),
    [
        ("东营市这边，听说广饶县停水三天", 9, True),
        ("这边听说广饶县停水三天了还没来", 9, False),  # it lost a place that was sure
        ("东营市广饶县", 9, False),  # it lost the words beside them
        ("东营市这边听说广饶县广饶县广饶县停水三天", 9, False),
        (FIRST, 9, False),
        ("东营市这边听说广饶县停水三天", 31, False),  # long ones are heard once
    ],
)
def test_the_second_hearing_counts_where_it_gains_places_and_loses_nothing(second: str, seconds: float, kept: bool) -> None:
    hearsay = Hearsay(second)
    heard, first = heard_twice(hearsay, silence(seconds), CITY)
    assert (heard.raw, first) == ((second, FIRST) if kept else (FIRST, ""))
    assert hearsay.asked == ([] if seconds > 30 else [("广饶县",)])


def test_the_encoder_works_once_for_two_hearings() -> None:
    asked: list[float] = []
    encoded = Encoded(lambda features: asked.append(float(features[0])) or len(asked))
    one, other = np.ones(3), np.zeros(3)
    assert [encoded(one), encoded(one), encoded(other), encoded(other), encoded(one)] == [1, 1, 2, 2, 3]


def test_what_is_no_recording_is_refused_by_name(whisper: Pool, tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("尊敬的领导", encoding="utf-8")
    with pytest.raises(SoundRefused, match="letter.wav"):
        whisper.transcribe(tmp_path / "letter.wav")
    with pytest.raises(SoundRefused, match="absent.wav"):
        whisper.transcribe(tmp_path / "absent.wav")


def test_a_folder_without_a_model_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"cut")
    with pytest.raises(EngineUnusable, match="config.json, tokenizer.json missing"):
        WhisperEngine(tmp_path, "mine")


def test_a_cut_model_is_said_by_the_worker(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with Pool(Choice("faster-whisper", "mine", str(tmp_path))) as pool, pytest.raises(EngineUnusable, match="cannot be loaded"):
        pool.transcribe(tmp_path / "any.wav")


@pytest.mark.parametrize(
    ("said", "invented"),
    [("请不吝点赞 订阅 转发 打赏支持", True), ("中文字幕志愿者 李宗盛", True), ("谢谢观看", True), ("谢谢你们，请尽快处理", False)],
)
def test_subtitles_of_films_are_known_as_such(said: str, invented: bool) -> None:
    assert bool(INVENTED.search(said)) is invented
