"""Tickets get a transcript or one of their own three words for why not."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speech import audio
from speech.pool import Pool, PoolBusy
from speech.transcription import Transcription
from speech.voice import Voice
from tests.speech.conftest import Here, saved, silence
from tickets.transcriber import NoSpeech, RecogniserAway, RecogniserDied, RecognitionFailed


def test_a_message_its_silence_its_refusal_and_the_death_of_its_recogniser(here: Here, voice: Voice, tmp_path: Path) -> None:
    pipe = tmp_path / "endless.wav"
    os.mkfifo(pipe)
    (here.city / "gazetteer.yaml").write_bytes("- 东营市\n".encode("gbk"))  # a faulty one costs its names, never a message
    with Transcription(here) as transcription:
        told = transcription.warm_up()
        assert "Whisper" in told
        assert "gazetteer.yaml: written in GBK" in told
        heard = transcription(saved(tmp_path, audio.resampled(voice.speak("路灯坏了，请派人来修。"), 8000)))
        assert "请派人来修" in heard.text
        assert (heard.engine, heard.model, heard.score_kind) == ("faster-whisper", "whisper-base", "average log probability")
        assert heard.findings["fields"]["type"]["value"] == "help"
        with pytest.raises(NoSpeech, match=r"0.0 s of speech in 2.0 s"):
            transcription(saved(tmp_path, silence(2)))
        (tmp_path / "letter.wav").write_text("尊敬的领导", encoding="utf-8")
        with pytest.raises(RecognitionFailed, match="letter.wav") as refused:
            transcription(tmp_path / "letter.wav")
        assert not isinstance(refused.value, RecogniserDied)  # trying again would not help
        with ThreadPoolExecutor(1) as worker:
            job = worker.submit(transcription, pipe)
            with pipe.open("wb"):
                (pid,) = transcription.processes()
                os.kill(pid, signal.SIGKILL)
                with pytest.raises(RecogniserDied):
                    job.result(timeout=30)


def test_without_a_model_tickets_stay_without_text_and_the_reason_is_said(bare: Here, tmp_path: Path) -> None:
    with Transcription(bare) as transcription:
        assert "hotline models fetch whisper-base" in transcription.warm_up()
        with pytest.raises(RecognitionFailed, match="hotline models fetch whisper-base"):
            transcription(saved(tmp_path, silence(1)))


def test_a_hotline_that_stops_does_not_call_the_message_unrecognisable(here: Here, tmp_path: Path) -> None:
    transcription = Transcription(here)
    transcription.close()
    with pytest.raises(RecogniserAway):
        transcription(saved(tmp_path, silence(1)))


def test_a_recogniser_with_too_much_to_do_does_not_call_the_message_unrecognisable(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(pool: Pool, path: Path) -> None:
        raise PoolBusy("all 1 recognisers are busy for 3600 s")

    monkeypatch.setattr(Pool, "transcribe", busy)
    with Transcription(here) as transcription, pytest.raises(RecogniserAway, match="busy"):
        transcription(saved(tmp_path, silence(1)))
