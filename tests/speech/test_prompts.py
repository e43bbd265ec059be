"""Every prompt is there to play: the city's own recordings first, then the voice, then at least two tones."""

from __future__ import annotations

import json
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech import audio, prompts, voice
from speech.prompt_check import check, strays
from speech.prompts import PromptsError, render, texts
from tests.speech.conftest import Here, saved, tones

GREETING = "您好，这里是12345热线。"


def write(here: Here, **more: str) -> None:
    lines = {"welcome": GREETING, "goodbye": "再见。", **more}
    (here.city / "prompts.yaml").write_text("".join(f"{name.replace('_', '-')}: {text}\n" for name, text in lines.items()), encoding="utf-8")


def made(here: Here) -> dict[str, tuple[str, bool]]:
    return {prompt.id: (prompt.source, prompt.made) for prompt in render(here.city, here)}


def faults(here: Here) -> dict[str, list[str]]:
    return {item.id: list(item.faults) for item in check(here.city, here) if item.faults}


@pytest.fixture
def own_cache(here: Here, tmp_path: Path) -> Here:
    """The checkout's voice with an empty cache of prompts."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "models").symlink_to(here.downloads / "models")
    return Here(downloads, here.sounds, here.city)


def test_the_voice_makes_what_asterisk_plays(own_cache: Here) -> None:
    write(own_cache)
    assert made(own_cache) == {"welcome": ("voice", True), "goodbye": ("voice", True)}
    with wave.open(str(own_cache.sounds / "zh/welcome.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert 2.0 < file.getnframes() / 8000 < 6.0
    level = audio.speech_level(audio.read(own_cache.sounds / "zh/welcome.wav"))
    assert -22 < 20 * np.log10(level) < -18
    assert faults(own_cache) == {}


def test_a_second_rendering_makes_nothing_and_takes_no_time(own_cache: Here) -> None:
    write(own_cache)
    made(own_cache)
    began = time.monotonic()
    assert made(own_cache) == {"welcome": ("voice", False), "goodbye": ("voice", False)}
    assert time.monotonic() - began < 0.3


def test_only_a_changed_text_is_made_anew(own_cache: Here) -> None:
    write(own_cache)
    made(own_cache)
    write(own_cache, goodbye="感谢来电，再见。")
    assert faults(own_cache) == {"goodbye": ["the text or the recording changed since: hotline prompts render"]}
    assert made(own_cache) == {"welcome": ("voice", False), "goodbye": ("voice", True)}


def test_another_home_needs_no_voice_for_the_same_texts(own_cache: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(own_cache)
    made(own_cache)
    monkeypatch.setattr(voice, "find", _nobody)
    other = Here(own_cache.downloads, tmp_path / "other", own_cache.city)
    assert made(other) == {"welcome": ("voice", True), "goodbye": ("voice", True)}
    (other.sounds / "zh/welcome.wav").write_bytes(b"changed by hand")
    assert (own_cache.sounds / "zh/welcome.wav").read_bytes() != b"changed by hand"
    assert (own_cache.downloads / f"prompts/{prompts.voice_key(GREETING)}.wav").read_bytes() != b"changed by hand"


def _nobody(*_: object, **__: object) -> voice.Speaker:
    raise voice.VoiceUnavailable("no Mandarin voice: none was fetched")


def test_the_citys_own_recording_takes_precedence(own_cache: Here) -> None:
    write(own_cache)
    made(own_cache)
    folder = own_cache.city / "recordings/zh"
    folder.mkdir(parents=True)
    studio = tones(440, rate=44_100, seconds=1.5)
    soundfile.write(folder / "welcome.wav", np.stack([studio.samples] * 2, 1), 44_100, subtype="PCM_24")
    assert faults(own_cache) == {"welcome": ["the text or the recording changed since: hotline prompts render"]}
    assert made(own_cache) == {"welcome": ("recording", True), "goodbye": ("voice", False)}
    assert audio.read(own_cache.sounds / "zh/welcome.wav").seconds == pytest.approx(1.5, abs=0.01)
    assert made(own_cache)["welcome"] == ("recording", False)
    assert faults(own_cache) == {}
    (folder / "welcome.wav").unlink()
    assert made(own_cache)["welcome"] == ("voice", True)


def test_a_broken_recording_is_named_and_the_voice_is_heard(own_cache: Here) -> None:
    write(own_cache)
    (own_cache.city / "recordings/zh").mkdir(parents=True)
    (own_cache.city / "recordings/zh/welcome.wav").write_bytes(b"RIFF")
    (welcome, _) = render(own_cache.city, own_cache)
    assert welcome.source == "voice"
    assert "recordings/zh/welcome.wav: welcome.wav: cut off" in welcome.problem


def test_what_a_person_put_there_is_never_overwritten(own_cache: Here) -> None:
    write(own_cache)
    made(own_cache)
    by_hand = saved(own_cache.sounds / "zh", tones(500), "welcome.wav").read_bytes()
    saved(own_cache.sounds / "zh", tones(500, rate=16_000), "hello.wav")
    write(own_cache, hello="你好。")
    assert made(own_cache)["welcome"] == ("own", False)
    assert made(own_cache)["hello"] == ("own", False)
    assert (own_cache.sounds / "zh/welcome.wav").read_bytes() == by_hand
    assert "16000 Hz" in faults(own_cache)["hello"][0]


@pytest.mark.parametrize("moment", ["before the sound", "before the sidecar"])
def test_a_rendering_killed_between_its_two_files_is_not_taken_for_a_person(own_cache: Here, moment: str) -> None:
    write(own_cache)
    made(own_cache)
    place = own_cache.sounds / "zh/goodbye.wav"
    old_sound, old_sidecar = place.read_bytes(), place.with_suffix(".json").read_bytes()
    write(own_cache, goodbye="感谢来电，再见。")
    made(own_cache)
    if moment == "before the sound":
        place.write_bytes(old_sound)
    else:
        place.write_bytes(old_sound)
        place.with_suffix(".json").write_bytes(old_sidecar)
    assert made(own_cache)["goodbye"] == ("voice", True)


def test_without_a_voice_there_are_tones_until_there_is_one(own_cache: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    write(own_cache)
    with monkeypatch.context() as without:
        without.setattr(voice, "find", _nobody)
        done = render(own_cache.city, own_cache)
        assert {prompt.source for prompt in done} == {"tone"}
        assert all("no Mandarin voice" in prompt.problem for prompt in done)
        assert audio.read(own_cache.sounds / "zh/welcome.wav").seconds > 0.3
        assert "two tones instead of words" in faults(own_cache)["welcome"][0]
    assert made(own_cache) == {"welcome": ("voice", True), "goodbye": ("voice", True)}


def test_a_prompt_nobody_can_say_is_a_tone_and_named(own_cache: Here) -> None:
    write(own_cache, smile="😀")
    assert made(own_cache)["smile"] == ("tone", True)
    assert faults(own_cache)["smile"][0] == "nobody hears '😀'"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- welcome\n", "must map prompt ids to texts"),
        ("Welcome: 您好\n", "'Welcome' is not a prompt id"),
        ("../evil: 您好\n", "is not a prompt id"),
        ("12345: 您好\n", "12345 is not a prompt id"),
        ("welcome:\n", "'welcome' has no text"),
        ("welcome: 12345\n", "'welcome' has no text"),
        ("welcome: 您好\nwelcome: 再见\n", "welcome"),
        ("welcome: [\n", "prompts.yaml"),
    ],
)
def test_a_wrong_prompts_file_is_refused_with_its_place(here: Here, text: str, says: str) -> None:
    (here.city / "prompts.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PromptsError, match=says):
        texts(here.city)


def test_no_prompts_file_is_said(here: Here) -> None:
    with pytest.raises(PromptsError, match="prompts.yaml"):
        render(here.city, here)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda place: place.unlink(), "not rendered"),
        (lambda place: place.write_bytes(b"RIFF"), "cut off"),
        (lambda place: saved(place.parent, tones(440, loudness=0.005), place.name), "dBov"),
        (lambda place: saved(place.parent, tones(440, loudness=9.0), place.name), "clipped"),
        (lambda place: saved(place.parent, tones(440, seconds=0.1), place.name), "0.1 s long"),
        (lambda place: saved(place.parent, tones(440, seconds=61), place.name), "61.0 s long"),
    ],
)
def test_check_hears_what_is_wrong(own_cache: Here, harm: Callable[[Path], object], says: str) -> None:
    write(own_cache)
    made(own_cache)
    harm(own_cache.sounds / "zh/welcome.wav")
    assert any(says in fault for fault in faults(own_cache)["welcome"])


def test_a_recording_with_a_misspelt_name_is_named(own_cache: Here) -> None:
    write(own_cache)
    (own_cache.city / "recordings/zh").mkdir(parents=True)
    saved(own_cache.city / "recordings/zh", tones(440), "welcom.wav")
    assert strays(own_cache.city) == ["welcom.wav: there is no prompt 'welcom' in prompts.yaml"]


def test_the_sidecar_of_a_prompt_may_be_damaged(own_cache: Here) -> None:
    """Then the sound counts as a person's: it is kept, never lost."""
    write(own_cache)
    made(own_cache)
    (own_cache.sounds / "zh/welcome.json").write_text(json.dumps(["?"]))
    assert made(own_cache)["welcome"] == ("own", False)
