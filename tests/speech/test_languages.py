"""Prompts in more than one language: read by the right voice, and never silent where something is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from speech import audio, espeak, prompts
from speech.folders import Folders
from speech.prompt_check import check
from speech.prompts import languages, render, tongue
from tests.speech.conftest import Here, saved, tones


@pytest.fixture
def english(bare: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A city with English prompts, an espeak-ng that notes what it is told, and no Mandarin voice."""
    sound = saved(tmp_path, tones(440), "espeak.wav")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text(f'#!/bin/sh\necho "$2 $4 $8" >> {tmp_path}/told; cp {sound} "$6"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    (bare.city / "prompts.yaml").write_text("welcome: 您好。\nfor-english: For English, press 8.\ngoodbye: 再见。\n", encoding="utf-8")
    (bare.city / "prompts.en.yaml").write_text("welcome: Hello from 12345.\n", encoding="utf-8")
    return bare


def made(here: Folders, language: str) -> dict[str, tuple[str, bool]]:
    return {prompt.id: (prompt.source, prompt.made) for prompt in render(here.city, here, language)}


def told(tmp_path: Path) -> list[str]:
    return sorted((tmp_path / "told").read_text(encoding="utf-8").splitlines())


def test_each_prompt_is_read_in_its_own_language(english: Here, tmp_path: Path) -> None:
    assert languages(english.city) == ["zh", "en"]
    made(english, "en")
    assert told(tmp_path) == ["cmn 150 再见。", "en 150 For English, press 8.", "en 150 Hello from one two three four five."]
    assert {path.name for path in (english.sounds / "en").glob("*.wav")} == {"welcome.wav", "for-english.wav", "goodbye.wav"}


def test_latin_letters_among_chinese_prompts_are_english(english: Here, tmp_path: Path) -> None:
    made(english, "zh")
    assert told(tmp_path) == ["cmn 150 再见。", "cmn 150 您好。", "en 150 For English, press 8."]


@pytest.mark.parametrize(
    ("text", "language", "read_in"),
    [("您好", "zh", "zh"), ("您好", "en", "zh"), ("Hello", "zh", "en"), ("Hello", "en", "en"), ("Bonjour", "fr", "fr"), ("110", "zh", "zh"), ("您好", "zh_slow", "zh")],
)
def test_whose_voice_reads(text: str, language: str, read_in: str) -> None:
    assert tongue(text, language) == read_in


def test_a_second_rendering_makes_english_no_more(english: Here) -> None:
    made(english, "en")
    assert made(english, "en")["welcome"] == ("espeak-ng", False)
    (english.city / "prompts.en.yaml").write_text("welcome: Good day.\n", encoding="utf-8")
    faults = {item.id: item.faults for item in check(english.city, english, "en")}
    assert "the text or the recording changed since: hotline prompts render" in faults["welcome"]
    assert made(english, "en")["welcome"] == ("espeak-ng", True)


def test_without_any_voice_there_are_tones_and_the_check_says_so(english: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "find", lambda _downloads: None)
    assert {source for source, _ in made(english, "en").values()} == {"tone"}
    assert all(any("two tones" in fault for fault in item.faults) for item in check(english.city, english, "en"))


def test_a_recording_of_the_city_is_heard_where_there_is_no_translation(english: Here) -> None:
    saved(english.city / "recordings/zh", tones(500, seconds=1.5), "goodbye.wav")
    saved(english.city / "recordings/zh", tones(500, seconds=1.5), "welcome.wav")
    assert {name: source for name, (source, _) in made(english, "en").items()} == {
        "welcome": "espeak-ng", "for-english": "espeak-ng", "goodbye": "recording",
    }  # fmt: skip


def test_slowly_only_what_the_voice_speaks(english: Here, tmp_path: Path) -> None:
    saved(english.city / "recordings/zh", tones(500), "goodbye.wav")
    assert languages(english.city, slowly=True) == ["zh", "en", "zh_slow"]
    assert set(made(english, "zh_slow")) == {"welcome"}
    assert told(tmp_path) == ["cmn 110 您好。"]
    saved(english.city / "recordings/zh_slow", tones(500, seconds=2), "goodbye.wav")
    assert made(english, "zh_slow")["goodbye"] == ("recording", True)
    assert audio.read(english.sounds / "zh_slow/goodbye.wav").seconds == pytest.approx(2, abs=0.01)


def test_slow_and_usual_are_different_sounds_in_the_cache() -> None:
    assert len({prompts.voice_key("您好", language) for language in ("zh", "zh_slow", "en")}) == 2
    assert prompts.voice_key("Hello", "en") != prompts.voice_key("Hello", "fr")


def test_espeak_unpacked_privately_is_started_by_its_own_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert espeak.find(tmp_path) is None
    libraries = tmp_path / "espeak-ng/usr/lib/x86_64-linux-gnu"
    (libraries / "espeak-ng-data").mkdir(parents=True)
    (libraries / "ld-linux-x86-64.so.2").touch()
    (tmp_path / "espeak-ng/usr/bin").mkdir()
    (tmp_path / "espeak-ng/usr/bin/espeak-ng").touch()
    found = espeak.find(tmp_path)
    assert found is not None
    assert found.command[0] == str(libraries / "ld-linux-x86-64.so.2")
    assert found.environ()["ESPEAK_DATA_PATH"] == str(libraries / "espeak-ng-data")
