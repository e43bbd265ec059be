"""Numbers, dates, money and ticket numbers as they are said, in Chinese and in English.

    number(105, "zh")            一百零五          number(105, "en")   one hundred and five
    counted(2, "位", "zh")       两位              figures("110", "zh") 幺幺零
    money(Decimal("12.50"), …)   十二元五角        twelve yuan fifty
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

PLAIN = "零一二三四五六七八九"
TELEPHONE = "零幺二三四五六七八九"  # 一 and 七 are told apart badly on a telephone line
LARGEST = 10**16 - 1
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_ENGLISH_SIZES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}


class CannotSay(ValueError):
    """A language nobody taught us, or a number too large to be said."""


def number(value: int, language: str) -> str:
    """A quantity: 105 -> 一百零五, one hundred and five."""
    return _either(language, _chinese, _english)(value)


def counted(value: int, measure: str, language: str) -> str:
    """With what is counted: 2, 位 -> 两位; 2, callers -> two callers."""
    if language == "zh":
        return ("两" if value == 2 else _chinese(value)) + measure
    return f"{number(value, language)} {measure}"


def figures(text: str, language: str) -> str:
    """One by one, as telephone and ticket numbers are read: 110 -> 幺幺零, one one zero. Anything but figures is a pause."""
    if language == "zh":
        return "，".join("".join(TELEPHONE[int(figure)] for figure in part) for part in re.findall(r"[0-9]+", text))
    _either(language, _chinese, _english)
    return ", ".join(" ".join(_ONES[int(figure)] for figure in part) for part in re.findall(r"[0-9]+", text))


def ticket(text: str, language: str) -> str:
    """20261123-000042: its day, then the six figures one by one."""
    day, _, rest = text.partition("-")
    try:
        on = datetime.strptime(day, "%Y%m%d").date()
    except ValueError:
        return figures(text, language)
    return f"{spoken_date(on, language)}{'，' if language == 'zh' else ', '}{figures(rest, language)}"


def spoken_date(day: date, language: str) -> str:
    """二零二六年十一月二十三日; the twenty-third of November, twenty twenty-six."""
    if language == "zh":
        year = "".join(PLAIN[int(figure)] for figure in str(day.year))
        return f"{year}年{_chinese(day.month)}月{_chinese(day.day)}日"
    return f"the {_ordinal(number(day.day, language))} of {_MONTHS[day.month - 1]}, {_english_year(day.year)}"


def clock(moment: datetime, language: str) -> str:
    """八点零五分, 两点; five past would be too clever: eight oh five, two o'clock."""
    hour, minute = moment.hour, moment.minute
    if language == "zh":
        said = ("两" if hour == 2 else _chinese(hour)) + "点"
        return said + (("零" if minute < 10 else "") + _chinese(minute) + "分" if minute else "")
    said = number(hour, language)
    return said + (" o'clock" if not minute else (" oh " if minute < 10 else " ") + _english(minute))


def money(yuan: Decimal, language: str) -> str:
    """十二元五角, 两元零五分; twelve yuan fifty, two yuan five fen."""
    whole, fen = divmod(int((yuan * 100).to_integral_value()), 100)
    if language != "zh":
        return f"{number(whole, language)} yuan" + (f" {_english(fen)}{' fen' if fen < 10 else ''}" if fen else "")
    jiao, fen = divmod(fen, 10)
    said = counted(whole, "元", "zh")
    said += counted(jiao, "角", "zh") if jiao else "零" if fen else ""
    return said + (counted(fen, "分", "zh") if fen else "")


def english(text: str) -> str:
    """An English prompt with its telephone numbers figure by figure: a machine would say "twelve thousand three hundred"."""
    return re.sub(r"(?<![\d.])\d{3,}(?![\d.]\d)", lambda found: figures(found[0], "en"), text)


def _either(language: str, chinese: Callable[[int], str], english: Callable[[int], str]) -> Callable[[int], str]:
    if language not in ("zh", "en"):
        raise CannotSay(f"numbers cannot be said in {language!r}")
    return chinese if language == "zh" else english


def _chinese(value: int) -> str:
    _sayable(value)
    said = _grouped(value)
    return said.removeprefix("一") if said.startswith("一十") else said


def _grouped(value: int) -> str:
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if value >= size:
            rest = value % size
            gap = "零" if 0 < rest < size // 10 else ""
            return _grouped(value // size) + name + gap + (_grouped(rest) if rest else "")
    return _below_ten_thousand(value)


def _below_ten_thousand(value: int) -> str:
    said = ""
    for size, name in ((1000, "千"), (100, "百"), (10, "十")):
        count, value = divmod(value, size)
        if count:
            said += PLAIN[count] + name
        elif said and value and not said.endswith("零"):
            said += "零"
    return said + (PLAIN[value] if value or not said else "")


def _english(value: int) -> str:
    _sayable(value)
    for size, name in _ENGLISH_SIZES:
        if value >= size:
            rest = value % size
            return f"{_english(value // size)} {name}" + (f" {'and ' if rest < 100 else ''}{_english(rest)}" if rest else "")
    if value >= 100:
        return f"{_ONES[value // 100]} hundred" + (f" and {_english(value % 100)}" if value % 100 else "")
    if value >= 20:
        return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
    return _ONES[value]


def _english_year(year: int) -> str:
    """2026 -> twenty twenty-six, 2005 -> two thousand and five, 1906 -> nineteen oh six."""
    century, rest = divmod(year, 100)
    if year % 1000 < 10 or not rest:
        return _english(year) if rest or not century % 10 else f"{_english(century)} hundred"
    return f"{_english(century)} {'oh ' if rest < 10 else ''}{_english(rest)}"


def _ordinal(said: str) -> str:
    head, dash, last = said.rpartition("-")
    if last.endswith("y"):
        return f"{head}{dash}{last[:-1]}ieth"
    return f"{head}{dash}{_ORDINALS.get(last, last + 'th')}"


def _sayable(value: int) -> None:
    if not 0 <= value <= LARGEST:
        raise CannotSay(f"{value} cannot be said")
