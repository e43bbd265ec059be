"""A city's gazetteer.yaml: its places, departments and local terms, read strictly, because a misspelt name corrects into nonsense.

    places:                     # or a plain list of places
      - 东营市
      - 文汇街道 @ 东营区        # a place that lies in another one
    departments: [市住房公积金管理中心]
    terms: [胜利油田]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from speech.text.sounds import HANZI

FILE = "gazetteer.yaml"
PLACE, DEPARTMENT, TERM = "place", "department", "term"
SECTIONS = {"places": PLACE, "departments": DEPARTMENT, "terms": TERM}
MOST_NAMES = 50_000
LONGEST_NAME = 24
MOST_BYTES = 8 * 1024**2


class GazetteerError(Exception):
    """The file cannot be used; the message names it, the entry and what is wrong."""


@dataclass(frozen=True)
class Name:
    """A name of the city. `within` is the place it lies in, if the file says so."""

    text: str
    kind: str
    within: str = ""


def read(path: Path) -> tuple[Name, ...]:
    """All names, each once. Raises GazetteerError."""
    return _names(path, _tree(path))


def repeated(path: Path) -> tuple[str, ...]:
    """Names that stand there more than once; only the first of each counts. Raises GazetteerError."""
    tree = _tree(path)
    _names(path, tree)
    entries = tree if isinstance(tree, list) else [entry for names in tree.values() for entry in names]
    counted = Counter(entry.partition("@")[0].strip() for entry in entries)
    return tuple(name for name, times in counted.items() if times > 1)


def _tree(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GazetteerError(f"{path}: {error.strerror or error}") from error
    if len(data) > MOST_BYTES:
        raise GazetteerError(f"{path}: {len(data)} bytes, at most {MOST_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GazetteerError(f"{path}: {_encoding(data)}; save it as UTF-8 (byte {error.start})") from None
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise GazetteerError(f"{path}: {' '.join(str(error).split())}") from error


def of_city(city: Path) -> tuple[Name, ...]:
    """The gazetteer of a city's folder; none is no fault. Raises GazetteerError."""
    return read(city / FILE) if (city / FILE).exists() else ()


def _encoding(data: bytes) -> str:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "not a text in UTF-8"
    return "written in GBK, not in UTF-8"


def _names(path: Path, tree: Any) -> tuple[Name, ...]:
    sections = {"places": tree} if isinstance(tree, list) else tree
    if not isinstance(sections, dict):
        raise GazetteerError(f"{path}: a list of places is wanted, or places, departments, terms")
    found: dict[str, Name] = {}
    for section, entries in sections.items():
        if section not in SECTIONS:
            raise GazetteerError(f"{path}: no section {section!r} ({', '.join(SECTIONS)})")
        if not isinstance(entries, list):
            raise GazetteerError(f"{path}: {section}: a list of names is wanted")
        for number, entry in enumerate(entries, 1):
            name = _name(entry, SECTIONS[section])
            if name is None:
                raise GazetteerError(f"{path}: {section}, entry {number}: {entry!r} is no name (2 to {LONGEST_NAME} Chinese characters)")
            found.setdefault(name.text, name)
    if len(found) > MOST_NAMES:
        raise GazetteerError(f"{path}: {len(found)} names, at most {MOST_NAMES}")
    strangers = sorted({name.within for name in found.values() if name.within and name.within not in found})
    if strangers:
        raise GazetteerError(f"{path}: places lie in {', '.join(strangers)}, which the file does not list")
    return tuple(found.values())


def _name(entry: Any, kind: str) -> Name | None:
    if not isinstance(entry, str):
        return None
    text, _, within = (part.strip() for part in entry.partition("@"))
    fits = 2 <= len(text) <= LONGEST_NAME and all(HANZI.match(char) or char.isalnum() for char in text)
    return Name(text, kind, within) if fits and HANZI.search(text) else None
