"""Character error rate, with its normalisation stated, so that two figures can be compared.

Both texts: NFKC, simplified characters, figures as they are spoken (138 and 幺三八 are the same), 幺 as 一, 两 as 二, lower
case, nothing but characters, letters and figures. Then edits (insertions, deletions, substitutions) per character of
what was really said. More than 100 % is possible: a recogniser can invent.
"""

from __future__ import annotations

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
