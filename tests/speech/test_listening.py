"""Words of an emergency are heard while the message is still being left, and nothing that goes wrong there harms the message."""

from __future__ import annotations

import json
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hotline.serve.listening import EmergencyWatch
from hotline.settings import Settings
from queues.events import EventLog
from speech import audio, catalogue
from speech.audio import AudioUnreadable, Sound
from speech.choice import Choice
from speech.growing import Growing
from speech.listening import Heard, Listening
from speech.recogniser import EngineUnusable
from speech.voice import Voice
from tests.speech.conftest import joined, model_folder, silence

HEADER = b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + bytes(4)
BLOCK = 32_768  # as Asterisk writes


class Message:
    """A message that Asterisk is writing, sizes in its header still 0."""

    def __init__(self, folder: Path, name: str = "01ITEM") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.wav"
        self.path.with_suffix(".json").write_text(json.dumps({"item": name, "kind": "voicemail", "linkedid": "1.1", "path": "12345-2", "caller": "13800001001"}))
        self.path.write_bytes(HEADER)

    def says(self, sound: Sound) -> None:
        data = (np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes()
        with self.path.open("ab") as file:
            for start in range(0, len(data), BLOCK):
                file.write(data[start : start + BLOCK])
                file.flush()

    def hangs_up(self) -> None:
        self.path.rename(self.path.with_name("moved.wav"))


@pytest.fixture
def message(tmp_path: Path) -> Message:
    return Message(tmp_path)


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    choice = Choice("faster-whisper", "whisper-base", str(model_folder(catalogue.WHISPER_BASE)), threads=1)
    listening = Listening(lambda: choice)
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def fire(voice: Voice) -> Sound:
    return audio.resampled(voice.speak("我家厨房着火了，请快来人。"), 8000)


def test_who_says_that_it_burns_is_heard_before_hanging_up(listening: Listening, message: Message, fire: Sound) -> None:
    heard: list[Heard] = []

    def tell(phrase: Heard) -> None:
        heard.append(phrase)
        message.hangs_up()  # not before

    message.says(joined(silence(1), fire, silence(2)))
    listening.follow(message.path, tell)
    assert [kind for phrase in heard for kind, _ in phrase.alarms] == ["fire"]
    assert heard[0].end_seconds == pytest.approx(1 + fire.seconds + 0.8, abs=1.0)


def test_the_rest_of_a_message_that_is_over_is_left_to_its_transcript(listening: Listening, message: Message, fire: Sound) -> None:
    message.hangs_up()
    moved = message.path.with_name("moved.wav")
    listening.follow(moved.with_name("gone.wav"), pytest.fail)
    assert moved.exists()


def test_a_file_that_is_no_recording_ends_nothing(listening: Listening, tmp_path: Path, message: Message, fire: Sound) -> None:
    (tmp_path / "fax.wav").write_bytes(b"II*\0" * 100)
    with pytest.raises(AudioUnreadable):
        Growing(tmp_path / "fax.wav")
    listening.follow(tmp_path / "fax.wav", pytest.fail)
    heard: list[Heard] = []
    message.says(joined(silence(1), fire, silence(2)))
    listening.follow(message.path, lambda phrase: (heard.append(phrase), message.hangs_up()))  # type: ignore[func-returns-value]
    assert heard, "the same process listens to the next one"


def test_a_block_that_ends_within_a_sample_is_read_whole_later(tmp_path: Path) -> None:
    message = Message(tmp_path)
    with message.path.open("ab") as file, Growing(message.path) as growing:
        file.write(b"\x01\x00\x02")
        file.flush()
        assert len(growing.more()) == 1
        file.write(b"\x00")
        file.flush()
        assert growing.more() * 32768 == pytest.approx([2.0])
        assert not growing.ended()


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.stdin.readline()",  # dies
        "import sys, time; sys.stdin.readline(); time.sleep(60)",  # hangs
        "print('no json', flush=True)",
    ],
)
def test_a_process_that_is_lost_is_replaced_and_the_message_is_none_the_worse(message: Message, program: str) -> None:
    listening = Listening(lambda: Choice("none", "none", "/"), (sys.executable, "-c", program), silent_seconds=1.0)
    for _ in range(2):
        listening.follow(message.path, pytest.fail)
    listening.close()
    listening.follow(message.path, pytest.fail)
    assert message.path.exists()


def test_an_engine_that_cannot_be_had_is_said_once() -> None:
    program = """print('{"error": "unusable", "message": "no model"}', flush=True)"""
    listening = Listening(lambda: Choice("none", "none", "/"), (sys.executable, "-c", program))
    with pytest.raises(EngineUnusable, match="no model"):
        listening.follow(Path("x.wav"), pytest.fail)
    listening.close()


def test_supervisors_learn_of_it_while_the_caller_still_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who listens is a small program here; that it hears is shown above."""
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    settings = Settings.load()
    program = """
import json, sys
for line in sys.stdin:
    for end in (4.0, 5.5):
        print(json.dumps({"end_seconds": end, "alarms": [{"kind": "fire", "words": "着火"}]}), flush=True)
    print('{"done": true}', flush=True)
"""
    message = Message(settings.spool / "tmp")
    short = Message(settings.spool / "tmp", "02SHORT")
    message.says(silence(7))
    short.says(silence(2))
    log = EventLog(tmp_path)
    watch = EmergencyWatch(settings, Listening(lambda: Choice("none", "none", "/"), (sys.executable, "-c", program)))
    with watch:
        waited = threading.Event()
        while not log.grown(0):
            assert watch._thread.is_alive()
            waited.wait(0.01)
    lines, _, _ = log.read(0)
    assert [(line.kind, line.data["name"], line.data["kinds"], line.data["linkedid"]) for line in lines] == [("alarm", "emergency_words", ["fire"], "1.1")]
    assert lines[0].data["behind_seconds"] >= 0
