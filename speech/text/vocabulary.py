"""The words of every 12345 line, in any city; a city's own stand in its gazetteer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from speech.text.gazetteer import TERM, Name

FILE = Path(__file__).parent / "vocabulary.txt"


@cache
def terms() -> tuple[Name, ...]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(Name(word, TERM) for line in lines if not line.startswith("#") for word in line.split())
