"""How figures are read aloud in Mandarin: 110 as 幺幺零, 30分钟 as 三十分钟, 2位 as 两位, 8:05 as 八点零五分."""

from __future__ import annotations

import re
import unicodedata

from ivr.say import LARGEST, PLAIN, TELEPHONE, number

SAID_PLAINLY = {"12345"}  # the hotline's own name: 一二三四五
SYMBOLS = {"*": "星号", "#": "井号", "&": "和", "+": "加", "=": "等于", "℃": "摄氏度"}

_COUNTED = "个位次条件名张家户辆只种分秒小天年元块米遍倍吨"  # after these 2 is 两
_MEASURED = _COUNTED + "多余人号楼层岁月日点时度万千百亿栋区院室路期级折页"
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_TELEPHONE = re.compile(r"\+?\d+(?:-\d+)+|\+\d{5,}|(?<![\d.])0\d{2,}|\d{5,}(?![\d.])")
_QUANTITY = re.compile(rf"(\d{{1,8}}(?:\.\d+)?)(?=[{_MEASURED}公平])")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def spoken(text: str) -> str:
    """The text with every figure and sign as it is said; punctuation stays."""
    text = unicodedata.normalize("NFKC", text)
    text = _TIME.sub(lambda m: _clock(m[1], m[2]), text)
    text = _PERCENT.sub(lambda m: "百分之" + quantity(m[1]), text)
    text = _YEAR.sub(lambda m: digits(m[1], PLAIN), text)
    text = _TELEPHONE.sub(lambda m: _telephone(m[0]), text)
    text = _QUANTITY.sub(lambda m: _counted(m[1], text_after=m.string[m.end() :]), text)
    text = _NUMBER.sub(lambda m: _bare(m[0]), text)
    return "".join(SYMBOLS.get(char, char) for char in text)


def digits(figures: str, names: str = TELEPHONE) -> str:
    """One by one."""
    return "".join(names[int(figure)] for figure in figures if figure.isdigit())


def quantity(figures: str) -> str:
    """As a number: 105 -> 一百零五, 3.5 -> 三点五."""
    whole, dot, decimals = figures.partition(".")
    return _whole(int(whole)) + ("点" + digits(decimals, PLAIN) if dot else "")


def _counted(figures: str, text_after: str) -> str:
    return "两" if figures == "2" and text_after[:1] in _COUNTED else quantity(figures)


def _bare(figures: str) -> str:
    """Without a measure word: 110, 119 and 114 are numbers to dial; 10 is ten."""
    if "." not in figures and len(figures) >= 3:
        return digits(figures)
    return quantity(figures)


def _telephone(figures: str) -> str:
    parts = re.findall(r"\d+", figures)
    return ",".join(digits(part, PLAIN if part in SAID_PLAINLY else TELEPHONE) for part in parts)


def _clock(hour: str, minute: str) -> str:
    said = _whole(int(hour)) + "点"
    if minute == "00":
        return said
    return said + ("零" if minute[0] == "0" else "") + _whole(int(minute)) + "分"


def _whole(value: int) -> str:
    return digits(str(value), PLAIN) if value > LARGEST else number(value, "zh")
