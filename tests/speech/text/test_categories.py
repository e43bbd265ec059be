"""Which matter a text speaks of: by the city's own words, the special before the general, and unsure where two are as likely."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus import sentences
from hotline.settings import DIALPLANS
from speech.text.categories import CategoriesError, Category, match, read
from speech.text.fields import find

CITY = DIALPLANS / "12345" / "categories.yaml"
SERVICES = Category("services", "公共服务", "", ("办理", "窗口", "材料"))
HOUSING = Category("housing", "住房", "services", ("公积金", "租房"))
WATER = Category("water", "供水", "services", ("停水",))
ALL = (SERVICES, HOUSING, WATER)


def test_the_special_comes_before_the_general_it_belongs_to() -> None:
    found = match("公积金在哪个窗口办理，要什么材料", ALL)
    assert found
    assert (found.category.code, found.words, found.start, found.confidence) == ("housing", "公积金", 0, 0.7)
    assert match("在哪个窗口办理", ALL).category.code == "services"  # type: ignore[union-attr]


def test_between_two_that_are_as_likely_none_is_certain() -> None:
    found = match("租房的地方停水了", ALL)
    assert found
    assert found.confidence < 0.5
    assert match("路灯坏了", ALL) is None
    assert match("", ALL) is None


def test_a_message_s_fields_name_it_with_its_words() -> None:
    found = find("您好，我家停水三天了", categories=ALL).category
    assert found
    assert (found.value, found.words, found.start) == ("water", "停水", 5)
    assert find("您好").category is None


def test_the_city_s_own_words_find_most_of_what_its_citizens_bring() -> None:
    """Sentences and words were written by the same people, so this is no promise; it keeps the words from getting worse."""
    known = read(CITY)
    right = [one for one in sentences() if (found := match(one["text"], known)) and found.category.code == one["category"]]
    assert len(right) >= 26
    assert {one["category"] for one in sentences()} <= {category.code for category in known}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- 供水", "categories by their codes"),
        ("Water: {name: 供水, words: [停水]}", "'Water' is no code"),
        ("water: 供水", "water: name and words are wanted"),
        ("water: {name: 供水, words: [停水], colour: blue}", "water: name and words are wanted"),
        ("water: {name: 供水, words: 停水}", "words: a list of words"),
        ("water: {name: 供水, words: ['']}", "words: a list of words"),
        ("water: {name: 供水, within: services, words: [停水]}", "no other category 'services'"),
        ("a: {name: 甲, words: [甲]}\nb: {name: 乙, within: a, words: [乙]}\nc: {name: 丙, within: b, words: [丙]}", "two levels are all"),
        ("water: {name: 供水, words: [停水]}\nwater: {name: 水, words: [水]}", "duplicate"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "categories.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CategoriesError, match=says):
        read(tmp_path / "categories.yaml")
    (tmp_path / "categories.yaml").write_bytes("water: {name: 供水, words: [停水]}".encode("gbk"))
    with pytest.raises(CategoriesError, match="categories.yaml"):
        read(tmp_path / "categories.yaml")
