"""A city records its prompts at a workstation; on a machine without a sound card that is said in one line."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from speech import audio, studio
from speech.prompts import PromptsError
from speech.studio import StudioError
from tests.speech.conftest import Here, joined, saved, silence, tones


class Card(types.ModuleType):
    """A sound card that hears a given sound and remembers what it played."""

    class PortAudioError(Exception):
        """As sounddevice raises it."""

    def __init__(self, hears: np.ndarray | None = None, broken: bool = False) -> None:
        super().__init__("sounddevice")
        self.hears, self.broken, self.played = hears, broken, []

    def rec(self, frames: int, **_: object) -> np.ndarray:
        if self.broken:
            raise self.PortAudioError("Error querying device -1")
        taken = np.zeros((frames, 1), np.float32)
        if self.hears is not None:
            taken[: len(self.hears), 0] = self.hears
        return taken

    def play(self, samples: np.ndarray, rate: int) -> None:
        if self.broken:
            raise self.PortAudioError("Error querying device -1")
        self.played.append((len(samples), rate))

    def wait(self) -> None:
        """At once."""


@pytest.fixture
def city(here: Here) -> Path:
    (here.city / "prompts.yaml").write_text("welcome: 您好。\n", encoding="utf-8")
    return here.city


def test_a_take_is_trimmed_and_saved_where_rendering_finds_it(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = joined(silence(1, 48_000), tones(440, rate=48_000, seconds=2), silence(1, 48_000))
    monkeypatch.setitem(sys.modules, "sounddevice", Card(said.samples))
    place = studio.save(city, "welcome", studio.record(10))
    assert place == city / "recordings/zh/welcome.wav"
    assert audio.read(place).seconds == pytest.approx(2.3, abs=0.05)


def test_a_prompt_is_played_to_its_end(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    studio.play(saved(city, tones(440)))
    assert card.played == [(8000, 8000)]


def test_silence_is_not_saved(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card())
    with pytest.raises(StudioError, match="nothing was heard"):
        studio.save(city, "welcome", studio.record(2))
    assert not (city / "recordings").exists()


def test_a_prompt_nobody_plays_is_not_recorded(city: Path) -> None:
    with pytest.raises(PromptsError, match="no prompt 'welcom'"):
        studio.save(city, "welcom", tones(440))


def test_a_machine_without_a_sound_system_says_so(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(StudioError, match="no sound system here.*record on a workstation"):
        studio.record(1)


def test_a_card_that_refuses_is_named(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(broken=True))
    with pytest.raises(StudioError, match="microphone cannot be used: Error querying"):
        studio.record(1)
    with pytest.raises(StudioError, match="loudspeaker cannot be used"):
        studio.play(saved(city, tones(440)))
