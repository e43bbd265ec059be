"""From Chinese text to the sounds the demonstration voice knows: clauses with their pauses, each a list of phones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from speech.numerals import spoken

PAUSES = {"、": 0.15, ",": 0.25, ":": 0.3, ";": 0.35, ".": 0.45, "!": 0.45, "?": 0.45, "…": 0.45, "\n": 0.45, "。": 0.45}
LETTERS = {
    "A": "诶", "B": "必", "C": "西", "D": "地", "E": "易", "F": "艾弗", "G": "记", "H": "艾尺", "I": "爱", "J": "杰",
    "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "屁", "Q": "扣", "R": "阿儿", "S": "艾斯",
    "T": "替", "U": "优", "V": "维", "W": "达不溜", "X": "艾克斯", "Y": "外", "Z": "贼",
}  # fmt: skip
LONGEST_CLAUSE = 40  # characters; longer ones lose their breath, and the voice its words

_HANZI = re.compile(r"[㐀-䶿一-鿿]")
_SILENT = re.compile(r"[\s\"'“”‘’「」『』《》<>()\[\]{}—\-~·/\\|_]")


@dataclass(frozen=True)
class Clause:
    """What is said in one breath, and the seconds of silence after it."""

    phones: tuple[str, ...]
    pause_seconds: float


def clauses(text: str, syllables: Mapping[str, tuple[str, str]]) -> list[Clause]:
    """The text as clauses; `syllables` maps a toneless syllable to the voice's initial and final."""
    found: list[Clause] = []
    for said, mark in _split(readable(text)):
        phones = _phones(said, syllables)
        if phones:
            found.append(Clause(tuple(phones), PAUSES.get(mark, 0.1)))
    return found


def readable(text: str) -> str:
    """Only characters that can be said, and marks that are pauses."""
    said = "".join(LETTERS.get(char.upper(), char) for char in spoken(text))
    return "".join(char for char in said if _HANZI.match(char) or char in PAUSES)


def unspeakable(text: str) -> list[str]:
    """Characters of the text that nobody would hear, in order, once each."""
    left = (c for c in spoken(text) if not (_HANZI.match(c) or c in PAUSES or c.upper() in LETTERS or _SILENT.match(c)))
    return list(dict.fromkeys(left))


def _split(text: str) -> list[tuple[str, str]]:
    parts = re.split(rf"([{re.escape(''.join(PAUSES))}])", text)
    pieces: list[tuple[str, str]] = []
    for said, mark in zip(parts[0::2], [*parts[1::2], "."], strict=False):
        while len(said) > LONGEST_CLAUSE:
            pieces.append((said[:LONGEST_CLAUSE], ""))
            said = said[LONGEST_CLAUSE:]
        if said:
            pieces.append((said, mark))
    return pieces


def _phones(said: str, syllables: Mapping[str, tuple[str, str]]) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    read = lazy_pinyin(said, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True, errors="ignore")
    phones: list[str] = []
    for syllable in read:
        name, tone = ("en" if syllable[:-1] in ("n", "m", "ng") else syllable[:-1]), syllable[-1]
        if name not in syllables:
            continue
        initial, final = syllables[name]
        phones += ["#0"] if phones else []
        phones += [initial, final + tone]
    return ["sil", *phones, "sil"] if phones else []
