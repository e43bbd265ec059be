"""Words while they are still being spoken: Vosk by itself, the others cut at pauses; in whatever pieces the sound comes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from speech import audio, catalogue
from speech.audio import Samples, Sound
from speech.choice import InputPath
from speech.cutting import LONGEST_SECONDS, CutStream
from speech.recogniser import Heard, Phrase
from speech.voice import Voice
from speech.vosk_stream import VoskStream, folded
from tests.speech.conftest import joined, model_folder, saved, silence, tones


class Notes:
    """A recogniser that notes what it was given."""

    engine, model, language, score_kind = "notes", "none", "zh", "none"

    def __init__(self) -> None:
        self.given: list[Sound] = []

    def hear(self, sound: Sound) -> Heard:
        self.given.append(sound)
        return Heard(f"第{len(self.given)}句", (), -0.1)

    def stream(self, rate: int) -> CutStream:
        return CutStream(self, rate)


@pytest.fixture(scope="module")
def sentence(voice: Voice) -> Sound:
    return audio.resampled(voice.speak("您好，我要投诉。"), 8000)


def pieces(sound: Sound, size: int) -> Iterator[Samples]:
    for start in range(0, len(sound.samples), size):
        yield sound.samples[start : start + size]


@pytest.mark.parametrize("size", [160, 1999, 80_000])
def test_each_sentence_is_heard_when_its_pause_comes(sentence: Sound, size: int) -> None:
    notes = Notes()
    stream = notes.stream(8000)
    line = joined(silence(2), sentence, silence(1.5), sentence, silence(1.5))
    phrases: list[Phrase] = []
    for piece in pieces(line, size):
        phrases += stream.feed(piece)
    assert [phrase.raw for phrase in phrases] == ["第1句", "第2句"], "nobody waits for the end of the message"
    assert stream.finish() == []
    first, second = phrases
    assert first.start_seconds == pytest.approx(1.5, abs=0.5)
    assert first.end_seconds == pytest.approx(2 + sentence.seconds + 0.8, abs=0.5)
    assert second.start_seconds >= first.end_seconds
    assert all(0.8 * sentence.seconds < given.seconds for given in notes.given)


def test_who_hangs_up_in_mid_sentence_is_heard_to_the_last_sample(sentence: Sound) -> None:
    notes = Notes()
    stream = notes.stream(8000)
    assert stream.feed(sentence.samples) == []
    assert [phrase.final for phrase in stream.finish()] == [True]
    assert notes.given[0].seconds == pytest.approx(sentence.seconds, abs=0.6)


def test_who_takes_no_breath_is_cut_before_it_grows_without_limit(sentence: Sound) -> None:
    notes = Notes()
    stream = notes.stream(8000)
    breathless = joined(*[Sound(sentence.samples[1600:-1600], 8000)] * 14)
    assert breathless.seconds > LONGEST_SECONDS
    phrases = [*stream.feed(breathless.samples), *stream.finish()]
    assert len(phrases) >= 2
    assert max(given.seconds for given in notes.given) <= LONGEST_SECONDS + 0.5
    assert sum(given.seconds for given in notes.given) == pytest.approx(breathless.seconds, abs=1.0)


@pytest.mark.parametrize("noise", [silence(8), tones(450, seconds=8), tones(697, 1209, seconds=8)])
def test_where_nobody_speaks_no_engine_is_asked(noise: Sound) -> None:
    notes = Notes()
    stream = notes.stream(8000)
    assert [*stream.feed(noise.samples), *stream.finish()] == []
    assert notes.given == []


class Listener:
    """A KaldiRecognizer that only notes what it is fed."""

    def __init__(self) -> None:
        self.fed = b""

    def AcceptWaveform(self, data: bytes) -> bool:  # noqa: N802 - Kaldi's name
        self.fed += data
        return False

    def PartialResult(self) -> str:  # noqa: N802
        return "{}"

    def FinalResult(self) -> str:  # noqa: N802
        return '{"text": ""}'


@pytest.mark.parametrize("way", ["direct", "folded", "resampled"])
def test_a_sound_fed_to_vosk_in_pieces_is_the_sound_fed_whole(sentence: Sound, way: InputPath) -> None:
    listener = Listener()
    stream = VoskStream(listener, 8000, 16_000, way)
    for piece in pieces(sentence, 333):
        stream.feed(piece)
    stream.finish()
    fed = np.frombuffer(listener.fed, "<i2") / 32767
    whole = {"direct": sentence.samples, "folded": folded(sentence.samples), "resampled": audio.resampled(sentence, 16_000).samples}[way]
    assert len(fed) == len(whole)
    assert np.corrcoef(fed, np.clip(whole, -1, 1))[0, 1] > 0.999


def test_vosk_says_what_it_hears_before_the_end(voice: Voice, tmp_path: Path) -> None:
    """In a process of its own, as everything that calls Vosk. The model is Korean: when words come counts, not which."""
    program = """
import json, sys
from pathlib import Path
from speech import audio
from speech.vosk_engine import VoskEngine
sound = audio.read(Path(sys.argv[2]))
stream = VoskEngine(Path(sys.argv[1]), "ko", "ko").stream(sound.rate)
phrases = []
for start in range(0, len(sound.samples), 2000):
    phrases += stream.feed(sound.samples[start : start + 2000])
early = len(phrases)
phrases += stream.finish()
print(json.dumps([early, [[phrase.raw, phrase.start_seconds, phrase.end_seconds, phrase.final] for phrase in phrases]]))
"""
    first, second = (audio.resampled(voice.speak(words), 8000) for words in ("你好，我要投诉。", "我家停水三天了。"))
    said = saved(tmp_path, joined(first, silence(2), second))
    folder = str(model_folder(catalogue.VOSK_KOREAN))
    done = subprocess.run([sys.executable, "-c", program, folder, str(said)], capture_output=True, text=True, timeout=120, check=True)
    early, phrases = json.loads(done.stdout)
    final = [phrase for phrase in phrases if phrase[3]]
    assert early > len(final), "words come while they are spoken"
    assert len(final) >= 2, "a pause closes a phrase"
    assert final[0][2] <= first.seconds + 2 <= final[-1][1] + 0.5, "each has its own time in the recording"
    assert all(raw for raw, *_ in phrases)
