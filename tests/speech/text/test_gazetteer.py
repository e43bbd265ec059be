"""A city's gazetteer is read strictly: who wrote a wrong one is told where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli import build
from hotline.settings import DIALPLANS
from speech.text import gazetteer
from speech.text.gazetteer import GazetteerError, Name

CITY = "places:\n  - 东营市\n  - 文汇街道 @ 东营市\ndepartments: [市公安局]\nterms: [胜利油田]\n"


def written(folder: Path, data: bytes) -> Path:
    path = folder / "gazetteer.yaml"
    path.write_bytes(data)
    return path


def test_places_departments_and_terms(tmp_path: Path) -> None:
    assert gazetteer.read(written(tmp_path, CITY.encode())) == (
        Name("东营市", "place"), Name("文汇街道", "place", "东营市"), Name("市公安局", "department"), Name("胜利油田", "term"),
    )  # fmt: skip


def test_a_plain_list_is_a_list_of_places_and_a_name_counts_once(tmp_path: Path) -> None:
    assert gazetteer.read(written(tmp_path, "- 东营市\n- 东营市\n".encode("utf-8-sig"))) == (Name("东营市", "place"),)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (CITY.encode("gbk"), "written in GBK, not in UTF-8; save it as UTF-8"),
        (b"\xff\xfe\x00\xd8\xff", "not a text in UTF-8"),
        (b"places: [", "line 1"),
        (b"", "a list of places is wanted"),
        (b"places: x", "places: a list of names is wanted"),
        ("地名: [东营市]".encode(), "no section '地名' (places, departments, terms)"),
        ("places: [东营市, 12]".encode(), "places, entry 2: 12 is no name"),
        ("places: [东]".encode(), "entry 1: '东' is no name"),
        ("places: [东营 市]".encode(), "is no name"),
        ("places: [文汇街道 @ 东莞]".encode(), "places lie in 东莞, which the file does not list"),
        (b"&a [*a]", "entry 1"),
    ],
)
def test_a_fault_is_named_with_its_file(data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(GazetteerError) as told:
        gazetteer.read(written(tmp_path, data))
    assert says in str(told.value)
    assert "gazetteer.yaml: " in str(told.value)


def test_a_missing_one_is_no_fault_unless_it_was_asked_for(tmp_path: Path) -> None:
    assert gazetteer.of_city(tmp_path) == ()
    with pytest.raises(GazetteerError, match="No such file"):
        gazetteer.read(tmp_path / "gazetteer.yaml")


def test_hotline_check_names_the_fault(tmp_path: Path) -> None:
    city = tmp_path / "city"
    shutil.copytree(DIALPLANS / "12345", city)
    assert CliRunner().invoke(build(), ["check", str(city)]).exit_code == 0
    written(city, CITY.encode("gbk"))
    run = CliRunner().invoke(build(), ["check", str(city)])
    assert run.exit_code == 1
    assert "gazetteer.yaml: written in GBK" in run.output


def test_the_city_that_comes_with_the_hotline() -> None:
    names = gazetteer.of_city(DIALPLANS / "12345")
    assert len(names) > 80
    assert Name("文汇街道", "place", "东营区") in names
