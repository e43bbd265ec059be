"""Character error rate, with its normalisation stated, so that two figures can be compared.

Both texts: NFKC, simplified characters, figures as they are spoken (138 and 幺三八 are the same), 幺 as 一, 两 as 二, lower
case, nothing but characters, letters and figures. Then edits (insertions, deletions, substitutions) per character of
what was really said. More than 100 % is possible: a recogniser can invent.
"""

from __future__ import annotations

from dataclasses import dataclass

from speech.aftercare import figures, simplified
from speech.numerals import spoken

_SAME = str.maketrans({"幺": "一", "两": "二", "〇": "零", "妳": "你", "她": "他", "它": "他"})


def normalised(text: str) -> str:
    said = spoken(figures(simplified(text))).translate(_SAME).lower()
    return "".join(char for char in said if char.isalnum())


def edits(said: str, heard: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def error_rate(said: str, heard: str) -> float:
    """0.0 is perfect. Raises ValueError when nothing was said."""
    truth = normalised(said)
    if not truth:
        raise ValueError("an error rate needs something that was said")
    return edits(truth, normalised(heard)) / len(truth)


@dataclass(frozen=True)
class Edits:
    """What it takes to make the heard text of the said one."""

    characters: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def rate(self) -> float:
        return (self.substituted + self.deleted + self.inserted) / self.characters if self.characters else 0.0

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.characters + other.characters, self.substituted + other.substituted,
            self.deleted + other.deleted, self.inserted + other.inserted,
        )  # fmt: skip


def parts(said: str, heard: str) -> Edits:
    """The fewest edits, by kind; both texts are normalised first."""
    truth, guess = normalised(said), normalised(heard)
    row = [(i, 0, 0, i) for i in range(len(guess) + 1)]  # (edits, substituted, deleted, inserted)
    for i, a in enumerate(truth, 1):
        before, row[0] = row[0], (i, 0, i, 0)
        for j, b in enumerate(guess, 1):
            least = min(_plus(row[j], 2), _plus(row[j - 1], 3), before if a == b else _plus(before, 1))
            before, row[j] = row[j], least
    _, substituted, deleted, inserted = row[-1]
    return Edits(len(truth), substituted, deleted, inserted)


def _plus(counts: tuple[int, int, int, int], kind: int) -> tuple[int, int, int, int]:
    more = [*counts]
    more[0] += 1
    more[kind] += 1
    return more[0], more[1], more[2], more[3]
