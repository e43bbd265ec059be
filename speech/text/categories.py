"""A city's categories of matters (categories.yaml), and which of them a text speaks of: a suggestion, never a decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FILE = "categories.yaml"
CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
MOST = 1000
LONGEST_WORD = 20
LIKELY, TIED = 0.7, 0.3


class CategoriesError(Exception):
    """The file cannot be used; the message names it, the entry and what is wrong."""


@dataclass(frozen=True)
class Category:
    """`within` is the code of the category it belongs to, or empty."""

    code: str
    name: str
    within: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """A category a text speaks of, by the longest of its words that was said."""

    category: Category
    words: str
    start: int
    confidence: float


def of_city(city: Path) -> tuple[Category, ...]:
    """The categories of a city's folder; none is no fault. Raises CategoriesError."""
    return read(city / FILE) if (city / FILE).exists() else ()


def read(path: Path) -> tuple[Category, ...]:
    """In the file's order. Raises CategoriesError."""
    try:
        tree: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise CategoriesError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict) or len(tree) > MOST:
        raise CategoriesError(f"{path}: categories by their codes are wanted, {MOST} at most")
    found = tuple(_category(path, code, details) for code, details in tree.items())
    codes = {category.code for category in found}
    for category in found:
        if category.within and (category.within not in codes or category.within == category.code):
            raise CategoriesError(f"{path}: {category.code}: within: there is no other category {category.within!r}")
        if category.within and any(other.within for other in found if other.code == category.within):
            raise CategoriesError(f"{path}: {category.code}: within: {category.within} belongs to another one itself; two levels are all")
    return found


def match(text: str, categories: tuple[Category, ...]) -> Match | None:
    """The category whose words weigh most (a word weighs its length), between two that weigh the same none is certain.

    One that another one of those found belongs to steps back: whoever speaks of 公积金 also says 办理.
    """
    weighed: list[tuple[int, Match]] = []
    for category in categories:
        said = [word for word in category.words if word in text]
        if said:
            longest = max(said, key=len)
            weighed.append((sum(map(len, said)), Match(category, longest, text.index(longest), LIKELY)))
    general = {found.category.within for _, found in weighed}
    weighed = sorted((one for one in weighed if one[1].category.code not in general), key=lambda one: -one[0])
    if not weighed:
        return None
    best = weighed[0][1]
    tied = len(weighed) > 1 and weighed[1][0] == weighed[0][0]
    return Match(best.category, best.words, best.start, TIED) if tied else best


def _category(path: Path, code: Any, details: Any) -> Category:
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise CategoriesError(f"{path}: {code!r} is no code (small letters, digits, dashes)")
    if not isinstance(details, dict) or not {"name", "words"} <= details.keys() <= {"name", "within", "words"}:
        raise CategoriesError(f"{path}: {code}: name and words are wanted, and within if it belongs to another")
    name, within, words = details["name"], details.get("within", ""), details["words"]
    if not (isinstance(name, str) and name.strip() and isinstance(within, str)):
        raise CategoriesError(f"{path}: {code}: name and within are texts")
    if not (isinstance(words, list) and all(isinstance(word, str) and 0 < len(word) <= LONGEST_WORD for word in words)):
        raise CategoriesError(f"{path}: {code}: words: a list of words (of {LONGEST_WORD} characters at most)")
    return Category(code, name.strip(), within, tuple(words))
