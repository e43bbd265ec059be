"""A city records its prompts at a workstation, here on a virtual sound card (ALSA's file device under the real PortAudio).

A real microphone was not there. Without any card that is said in one line.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from hotline.settings import Settings
from speech import audio, soundcard, studio
from speech.audio import Sound
from speech.prompts import PromptsError
from speech.soundcard import NoSoundCard
from speech.studio import StudioError
from tests.speech.conftest import Here, joined, silence, tones

ALSA = """
pcm.virtual {{ type file; slave.pcm "nothing"; file "{folder}/played.raw"; infile "{folder}/microphone.raw"; format "raw" }}
pcm.nothing {{ type null }}
pcm.!default {{ type plug; slave {{ pcm "virtual" format S16_LE rate 48000 channels 1 }} }}
ctl.!default {{ type null }}
"""


class Workstation:
    """A home of its own and a card whose microphone hears a given sound; what it plays lies in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.city = folder / "city"
        self.city.mkdir()
        (self.city / "prompts.yaml").write_text("welcome: 您好，这里是12345热线。\n", encoding="utf-8")
        (folder / "settings.yaml").write_text(f"menu:\n  city: {self.city}\n")
        (folder / "alsa.conf").write_text(ALSA.format(folder=folder))
        self.environ = {**os.environ, "ALSA_CONFIG_PATH": str(folder / "alsa.conf"), "HOTLINE_HOME": str(folder)}
        self.hears(silence(30, 48_000))

    def hears(self, sound: Sound) -> None:
        (sound.samples * 32767).astype("<i2").tofile(self.folder / "microphone.raw")

    def hotline(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "hotline", *words], env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def played(self) -> Sound:
        return Sound(np.fromfile(self.folder / "played.raw", "<i2").astype(np.float32) / 32767, 48_000)


@pytest.fixture
def workstation(tmp_path: Path) -> Workstation:
    assert soundcard.is_here(Settings.load({}).downloads), "`hotline setup` fetches PortAudio"
    return Workstation(tmp_path)


SAID = joined(silence(1, 48_000), tones(440, rate=48_000, seconds=2), silence(20, 48_000))


def test_a_take_is_trimmed_and_saved_where_rendering_finds_it_then_played_as_callers_hear_it(workstation: Workstation) -> None:
    workstation.hears(SAID)
    done = workstation.hotline("prompts", "record", "welcome", "--seconds", "10")
    assert done.returncode == 0, done.stderr
    assert "请读 Please read: 您好，这里是12345热线。" in done.stderr
    take = audio.read(workstation.city / "recordings/zh/welcome.wav")
    assert take.seconds == pytest.approx(2.3, abs=0.05)
    assert workstation.hotline("prompts", "render").returncode == 0
    assert workstation.hotline("prompts", "play", "welcome").returncode == 0
    played = workstation.played()
    assert played.seconds == pytest.approx(2.3, abs=0.2)
    spectrum = np.abs(np.fft.rfft(played.samples))
    assert np.argmax(spectrum) * 48_000 / len(played.samples) == pytest.approx(440, abs=2)


def test_at_a_terminal_a_take_is_heard_done_again_and_kept(workstation: Workstation) -> None:
    workstation.hears(SAID)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hotline", "prompts", "record", "welcome", "--seconds", "5"]
    with subprocess.Popen(command, env=workstation.environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as running:
        os.close(theirs)
        said = ""
        for answer in "apk":
            said = _until(ours, "[k]:")
            os.write(ours, f"{answer}\n".encode())
        said = _until(ours, "next: hotline prompts render")
        assert running.wait(30) == 0
    os.close(ours)
    assert "saved as" in said
    assert workstation.played().seconds == pytest.approx(2.3, abs=0.2), "it was heard once"


def test_who_gives_up_changes_nothing(workstation: Workstation) -> None:
    workstation.hears(SAID)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hotline", "prompts", "record", "welcome", "--seconds", "5"]
    with subprocess.Popen(command, env=workstation.environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as running:
        os.close(theirs)
        _until(ours, "[k]:")
        os.write(ours, b"q\n")
        _until(ours, "given up")
        assert running.wait(30) == 1
    os.close(ours)
    assert not (workstation.city / "recordings").exists()


def test_silence_is_not_saved(workstation: Workstation) -> None:
    done = workstation.hotline("prompts", "record", "welcome", "--seconds", "2")
    assert done.returncode == 2
    assert "nothing was heard" in done.stderr
    assert not (workstation.city / "recordings").exists()


def test_a_card_that_refuses_is_named() -> None:
    with pytest.raises(StudioError, match="microphone cannot be used: Error querying device -1"):
        studio.record(Card(0.5, broken=True), 1.0)
    with pytest.raises(StudioError, match="loudspeaker cannot be used"):
        studio.play(Card(0.5, broken=True), tones(440))


def test_the_meter_shows_how_loud_it_is() -> None:
    levels: list[float] = []
    taken = studio.record(Card(0.5), 1.0, levels.append)
    assert taken.seconds == pytest.approx(1.0, abs=0.1)
    assert levels == [pytest.approx(-6.0, abs=0.1)] * 20


def test_a_microphone_that_gives_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "SILENT_CARD_SECONDS", 0.1)
    with pytest.raises(StudioError, match="gave no sound"):
        studio.record(Card(None), 1.0)


def test_a_machine_without_a_sound_system_says_what_to_do(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(NoSoundCard, match="no sound system here.*record on a workstation"):
        soundcard.open_card(here.downloads)


def test_a_prompt_nobody_plays_is_not_saved(here: Here) -> None:
    (here.city / "prompts.yaml").write_text("welcome: 您好。\n", encoding="utf-8")
    with pytest.raises(PromptsError, match="no prompt 'welcom'"):
        studio.save(here.city, "welcom", tones(440))


class Card(types.ModuleType):
    """A card whose microphone hears one level, at once."""

    class PortAudioError(Exception):
        """As sounddevice raises it."""

    def __init__(self, level: float | None, broken: bool = False) -> None:
        super().__init__("sounddevice")
        self._level, self._broken = level, broken

    def InputStream(self, *, blocksize: int, callback: object, **_: object) -> Card:  # noqa: N802 - sounddevice's name
        self.play()
        if self._level is not None:
            for _turn in range(20):
                callback(np.full((blocksize, 1), self._level * 32768, np.int16), blocksize, None, None)  # type: ignore[operator]
        return self

    def play(self, *_: object) -> None:
        if self._broken:
            raise self.PortAudioError("Error querying device -1")

    def __enter__(self) -> Card:
        return self

    def __exit__(self, *_: object) -> None:
        """It has no end of its own."""


def _until(terminal: int, words: str) -> str:
    """What the terminal shows, up to these words."""
    shown = b""
    while words.encode() not in shown:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # the program has ended
            pytest.fail(f"no {words!r} in {shown.decode(errors='replace')!r}")
    return shown.decode(errors="replace")
