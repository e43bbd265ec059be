"""What is done to every Mandarin transcript before a person reads it: simplified characters, phone numbers in figures, sane punctuation.

Only what is safe: figures said one by one become figures when five or more follow each other (three with 幺, which is said
nowhere else), quantities beside their units (speech.text.numbers), because 统一, 十分 and 经十路 are words. Look-alikes of
spoken figures (要 for 幺) are read as figures only where a valid phone number comes out.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from speech.text.numbers import quantities

FIGURES = {**dict(zip("零一二三四五六七八九", "0123456789", strict=True)), "幺": "1", "〇": "0", "○": "0", "洞": "0", "拐": "7", "两": "2", "勾": "9"}
HOMOPHONES = {**dict.fromkeys("要腰妖夭邀药耀摇", "1"), **dict.fromkeys("灵铃领令林", "0"), **dict.fromkeys("吧巴爸", "8"),
              **dict.fromkeys("久就酒", "9"), **dict.fromkeys("舞武无", "5"), **dict.fromkeys("溜留刘", "6"),
              **dict.fromkeys("耳儿而", "2"), **dict.fromkeys("山", "3"), **dict.fromkeys("是思", "4"), **dict.fromkeys("气妻期", "7")}  # fmt: skip
LEAST_RUN = 5
LEAST_WITH_YAO = 3

_FIGURE = "0-9" + "".join(FIGURES)
_RUN = re.compile(rf"[{_FIGURE}]{{{LEAST_RUN},}}|(?=[{_FIGURE}]*幺)[{_FIGURE}]{{{LEAST_WITH_YAO},}}")
_SPACED = re.compile(r"(?<!\d)\d{1,8}(?:[ ,，、.\-]{1,2}\d{1,8}){1,6}(?!\d)")
_LOOSE = re.compile(rf"(?<!\d)[{_FIGURE}{''.join(HOMOPHONES)}](?:[ ,，、\-]?[{_FIGURE}{''.join(HOMOPHONES)}]){{6,17}}")
_PHONE = re.compile(r"1[3-9]\d{9}|0[1-9]\d{8,10}|400\d{7}|800\d{7}")
_WIDE = {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："}
_GAP = re.compile(r"[\s,，.。?？!！;；:：、]+")
_ZHE = re.compile("(?<![显名原论编巨土卓专合译遗拙])著(?![名作者称述书])")  # 著火: the converter knows 著 only as in 著名
_CHINESE = re.compile(r"[㐀-䶿一-鿿]")


def written(raw: str, language: str = "zh") -> str:
    """The text a person reads."""
    text = " ".join(raw.split())
    if language != "zh":
        return text
    return punctuated(quantities(figures(simplified(text))))


def simplified(text: str) -> str:
    converted: str = _converter().convert(text)
    return _ZHE.sub("着", converted)


def figures(text: str) -> str:
    """Spoken numbers of five and more figures, one by one; and phone numbers that were torn apart, made whole."""
    text = _LOOSE.sub(_whole_phone, text)
    text = _RUN.sub(lambda found: _plain(found[0]), text)
    return _SPACED.sub(_joined_phone, text)


def punctuated(text: str) -> str:
    """One Chinese mark where Chinese characters meet marks, none at the start, no spaces inside Chinese."""
    return _GAP.sub(_one_mark, text).strip()


def _one_mark(gap: re.Match[str]) -> str:
    """What stands between two words. Between figures a mark is theirs: 3.5, 8:30. A bare gap in Chinese is a pause Whisper heard."""
    before, after = gap.string[: gap.start()][-1:], gap.string[gap.end() :][:1]
    mark = next((char for char in gap[0] if not char.isspace()), "")
    if not before:
        return ""
    if not mark and _CHINESE.match(before) and _CHINESE.match(after):
        return "，"
    if _CHINESE.match(before) or _CHINESE.match(after) or not after:
        return _WIDE.get(mark, mark)
    return mark + (" " if any(char.isspace() for char in gap[0]) else "")


def _plain(run: str) -> str:
    if len(run) < 7 and re.search("两.*[^两]|勾", run.rstrip("两")):  # 一二两三 is no number; in a longer one 两 is 2
        return run
    return "".join(FIGURES.get(char, char) for char in run)


def _whole_phone(found: re.Match[str]) -> str:
    """The longest end of the stretch that is a phone number; otherwise the stretch as it was."""
    stretch = found[0]
    for start in range(len(stretch)):
        rest = stretch[start:]
        phone = "".join(FIGURES.get(c, HOMOPHONES.get(c, c)) for c in rest if c not in " ,，、-")
        certain = sum(char.isdigit() or char in FIGURES for char in rest)
        if _PHONE.fullmatch(phone) and certain >= 7 and not rest[0].isspace():
            return stretch[:start] + phone
    return stretch


def _joined_phone(found: re.Match[str]) -> str:
    phone = re.sub(r"\D", "", found[0])
    return phone if _PHONE.fullmatch(phone) else found[0]


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
