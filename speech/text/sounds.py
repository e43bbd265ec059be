"""How Chinese characters sound, and which syllables a telephone line makes alike: places are misspelt by sound, not by shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from speech.numerals import PLAIN

HANZI = re.compile(r"[㐀-䶿一-鿿]")
NUMERALS = "零〇一二三四五六七八九十两百千万0123456789"

_ALIKE = (  # pairs that southern and northern dialects merge, and 3.4 kHz hides: (pattern, what it is taken for)
    (re.compile("^([zcs])h"), r"\1"),
    (re.compile("^[nr](?=.)"), "l"),
    (re.compile("^f"), "h"),
    (re.compile("^([jqxy])v"), r"\1i"),
    (re.compile("^yi(?=[ae])"), "y"),
    (re.compile("ng$"), "n"),
)


@dataclass(frozen=True)
class Syllable:
    """A character's sound. `plain` has no tone; `alike` is the same for syllables that are easily taken for each other."""

    plain: str
    tone: str
    alike: str

    @property
    def initial(self) -> str:
        return re.split("[aeiouv]", self.plain, maxsplit=1)[0]

    @property
    def final(self) -> str:
        return self.plain[len(self.initial) :]


def syllables(text: str) -> list[Syllable | None]:
    """One for each character, read in its context; None for what is no Chinese character or figure."""
    from pypinyin import Style, lazy_pinyin

    said = "".join(PLAIN[int(char)] if char in "0123456789" else char for char in text)
    found: list[Syllable | None] = []
    for run in re.findall(rf"{HANZI.pattern}+|[^㐀-䶿一-鿿]", said):
        if not HANZI.match(run):
            found.append(None)
            continue
        read = lazy_pinyin(run, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False, errors=_unread)  # type: ignore[arg-type]
        found += [_syllable(one) for one in read]
    return found


def _unread(run: str) -> list[str]:
    """Characters pypinyin does not know sound like nothing else."""
    return ["?5"] * len(run)


@cache
def _syllable(read: str) -> Syllable:
    plain, tone = (read[:-1], read[-1]) if read[-1:].isdigit() else (read, "5")
    return Syllable(plain, tone, alike(plain))


@cache
def alike(plain: str) -> str:
    """What the syllable is taken for: 区 qu and 七 qi, 兴 xing and 新 xin, 镇 zhen and 正 zheng get one key."""
    key = re.sub("^([jqxy])u", r"\1v", plain)
    for pattern, same in _ALIKE:
        key = pattern.sub(same, key)
    return key


@cache
def is_word(text: str) -> bool:
    """Whether a dictionary knows it: text that makes sense as it stands is left alone."""
    import rjieba

    return len(text) > 1 and len(rjieba.cut(text, False)) == 1
