"""Figures about recognisers: what a corpus must be like, and how errors, places, phones and reviews are counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hotline.cli import build
from speech import cer, corpus, trials
from speech.choice import Choice
from speech.corpus import Clip, CorpusError
from speech.measure import Result, false_replacements, measure
from speech.recogniser import NoSpeech, Recognition
from speech.text.gazetteer import GazetteerError, Name
from speech.text.review import Evidence
from speech.text.understanding import Understanding
from tests.speech.conftest import Here, saved, silence

NAMES = (Name("东营区", "place"), Name("文汇街道", "place"))
SAID = "我住在东营区文汇街道，电话13812345678"


def table(folder: Path, *lines: str, head: str = "file\tcity\ttext\tentities") -> Path:
    (folder / "transcripts.tsv").write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return folder


def test_a_corpus_is_sounds_and_a_table(tmp_path: Path) -> None:
    saved(tmp_path, silence(1), "a.wav")
    entities = json.dumps({"phone": "13812345678", "place": ["东营区"]}, ensure_ascii=False)
    (clip,) = corpus.read(table(tmp_path, f"a.wav\t东营\t{SAID}\t{entities}"))
    assert clip == Clip(tmp_path / "a.wav", SAID, "东营", ("东营区",), "13812345678")
    (bare,) = corpus.read(table(tmp_path, f"a.wav\t{SAID}", head="file\ttext"))
    assert corpus.places_of(bare, NAMES) == ("东营区", "文汇街道")


@pytest.mark.parametrize(
    ("head", "line", "says"),
    [
        ("file\ttext", "gone.wav\t你好", "transcripts.tsv:2: no such recording: gone.wav"),
        ("file\ttext", "a.wav\t ", "transcripts.tsv:2: no text"),
        ("name\ttext", "a.wav\t你好", "the columns file and text"),
        ("file\ttext\tentities", "a.wav\t你好\t{place", "transcripts.tsv:2: entities"),
        ("file\ttext\tentities", "a.wav\t你好\t[]", "transcripts.tsv:2: entities"),
    ],
)
def test_a_faulty_corpus_is_told_by_line(head: str, line: str, says: str, tmp_path: Path) -> None:
    saved(tmp_path, silence(1), "a.wav")
    with pytest.raises(CorpusError, match=says):
        corpus.read(table(tmp_path, line, head=head))


def test_no_table_and_a_table_in_gbk(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="file<TAB>text"):
        corpus.read(tmp_path)
    (tmp_path / "transcripts.tsv").write_bytes("file\ttext\na.wav\t你好".encode("gbk"))
    with pytest.raises(CorpusError, match="utf-8"):
        corpus.read(tmp_path)


def test_each_city_has_its_own_gazetteer(tmp_path: Path) -> None:
    folder = tmp_path / "gazetteer"
    folder.mkdir()
    (folder / "dongying.yaml").write_text("- 东营区\n", encoding="utf-8")
    (folder / "fuyang.yaml").write_text("- 颍州区\n- 东营区\n", encoding="utf-8")
    assert [name.text for name in corpus.names("东营", folder)] == ["东营区"]
    assert [name.text for name in corpus.names("上海", folder)] == ["东营区", "颍州区"]
    assert corpus.names("东营", None) == ()
    assert corpus.beside(tmp_path / "clips") == folder
    with pytest.raises(GazetteerError, match="no gazetteer"):
        corpus.names("东营", tmp_path)


def heard(raw: str, score: float = -0.2) -> Recognition:
    told = Understanding(NAMES).understand(raw, Evidence(score, "average log probability", 6.0))
    return Recognition(raw, told.text, (), score, "average log probability", "actor", "actor", 6.0, 6.0, json.loads(json.dumps(told.as_json())))


def test_what_the_gazetteer_gains_is_counted_and_what_it_spoils(tmp_path: Path) -> None:
    clips = [Clip(tmp_path / name, SAID, "", ("东营区", "文汇街道"), "13812345678") for name in "ab"]
    clips.append(Clip(tmp_path / "c", "冬营七是谁", "", (), ""))
    clips.append(Clip(tmp_path / "d", "你好", "", (), ""))
    said = {
        "a": heard("我住在冬营七文会接到,电话幺三八幺二三四五六七八"),
        "b": heard("我住在冬营七的文会街,电话幺三八幺二三四", score=-0.9),
        "c": heard("冬营七是谁"),
        "d": NoSpeech(2.0),
    }
    result = Result()
    measure(clips, lambda path: said[path.name], NAMES, result)
    row = result.row("actor")
    assert (row["clips"], row["places"], row["places_bare"], row["phones"], row["no_speech"]) == (4, "3/4", 0, "1/2", 1)
    assert (row["replaced"], row["false"]) == (4, 1)
    assert row["cer"] < row["cer_bare"]
    assert (row["review"], row["review_hits"]) == ("3/4", "3/3")  # the short one was spoken too slowly to be true
    assert row["x_real_time"] is not None


def test_replacements_in_a_text_without_places_are_false() -> None:
    assert false_replacements("冬营七和一本书", NAMES) == 1
    assert false_replacements("今天天气很好", NAMES) == 0


@pytest.mark.parametrize(
    ("said", "heard", "kinds"),
    [("路灯坏了", "路灯坏了", (4, 0, 0, 0)), ("路灯坏了", "路登坏", (4, 1, 1, 0)), ("路灯", "路灯坏了", (2, 0, 0, 2)), ("路灯", "", (2, 0, 2, 0))],
)
def test_errors_by_kind(said: str, heard: str, kinds: tuple[int, int, int, int]) -> None:
    edits = cer.parts(said, heard)
    assert (edits.characters, edits.substituted, edits.deleted, edits.inserted) == kinds


@given(st.text("路灯坏了", max_size=8), st.text("路灯坏了", max_size=8))
def test_the_kinds_add_up_to_the_fewest_edits(said: str, heard: str) -> None:
    edits = cer.parts(said, heard)
    assert edits.substituted + edits.deleted + edits.inserted == cer.edits(said, heard)
    assert edits.deleted - edits.inserted == len(said) - len(heard)


def test_each_engine_is_tried_in_each_of_its_ways() -> None:
    vosk = trials.variants(Choice("vosk", "ours", "/models/ours"))
    assert [choice.input_path for choice in vosk.values()] == ["direct", "resampled", "folded"]
    whisper = trials.variants(Choice("faster-whisper", "whisper-base", "/models/base"))
    assert [choice.hotwords for choice in whisper.values()] == [False, True]


def test_the_fewest_errors_are_proposed() -> None:
    choices = trials.variants(Choice("vosk", "ours", "/models/ours"))
    results = {name: Result(edits=cer.Edits(100, wrong)) for name, wrong in zip(choices, (20, 9, 30), strict=True)}
    assert trials.proposal(choices, results) == ("ours resampled", {"engine": "vosk", "model": "ours", "input_path": "resampled"})


def test_calibration_refuses_what_would_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Here) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path / "home"))
    saved(tmp_path, silence(1), "a.wav")
    table(tmp_path, "a.wav\t东营\t你好\t")
    run = CliRunner().invoke(build(), ["speech", "calibrate", str(tmp_path)])
    assert run.exit_code == 2
    assert "1 recordings; fewer than 20 tell nothing" in run.stderr
    assert CliRunner().invoke(build(), ["speech", "calibrate", str(tmp_path / "gone")]).exit_code == 2
