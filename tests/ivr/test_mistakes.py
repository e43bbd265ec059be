"""Every mistake an administrator can make is refused, with exactly the message that stands on top of its file.

A file `unknown-node.menus.yaml` takes the place of menus.yaml in the good city.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.loading import check
from tests.ivr.cities import good_texts

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))


def test_the_good_city_has_no_fault() -> None:
    assert check(good_texts()) == ()


def test_there_are_mistakes_of_every_file() -> None:
    assert {path.name.split(".")[1] for path in MISTAKES} == {"alarms", "hours", "menus", "numbers", "prompts", "queues", "transfers", "waiting"}


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_refused_with_its_message(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line[2:] for line in text.splitlines() if line.startswith(f"# {path.name.split('.')[1]}.yaml:")]
    assert expected, "the file must say on top which faults it holds"
    assert [str(fault) for fault in check(good_texts(**{path.name.split(".")[1]: text}))] == expected


@pytest.mark.parametrize("missing", ["menus", "queues", "hours", "numbers", "prompts"])
def test_a_missing_file_is_named(missing: str) -> None:
    texts = good_texts()
    del texts[f"{missing}.yaml"]
    assert [str(fault) for fault in check(texts)] == [f"{missing}.yaml:1: file: is missing"]


def test_a_file_without_end_is_not_read() -> None:
    assert [str(fault) for fault in check(good_texts(menus="a: b\n" * 300_000))] == ["menus.yaml:1: file: is larger than 1000000 characters"]


def test_a_message_stays_on_its_line_and_away_from_the_terminal() -> None:
    (fault,) = check(good_texts(menus=good_texts()["menus.yaml"].replace("kind: fax", r'kind: "\e[2J\nfax"')))
    assert fault.message == r'"\x1b[2J\x0afax" is not a short text on one line'


def test_of_very_many_faults_the_first_hundred_are_told_soon() -> None:
    text = good_texts()["menus.yaml"]
    lost = "".join(f"  12345-n{number}: {{name: lost, kind: announcement, prompt: about, next: 12345-m{number}}}\n" for number in range(1500))
    faults = check(good_texts(menus=text + lost))
    assert len(faults) == 100
    assert faults[0].message.startswith('no such node "12345-m0" (did you mean "12345-')
    assert faults[-1].message.endswith("(and more: only the first 100 are listed)")
