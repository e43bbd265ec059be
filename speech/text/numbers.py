"""Spoken quantities as figures, where people write them so: 三百二十号 is 320号, 晚上八点半 is 晚上8点半.

Only beside the units listed here. 统一, 十分感谢, 一点都不, 经十路, 七八个, 一百多户 and 一层雾 are words and stay
(GB/T 15835: round and approximate numbers are written in characters). Numbers said figure by figure are in aftercare.
"""

from __future__ import annotations

import re

from speech.numerals import PLAIN, quantity

ONES = {**{char: value for value, char in enumerate(PLAIN)}, "两": 2, "〇": 0}
TENS = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10**4, "亿": 10**8}

_N = "[零〇一二两三四五六七八九十百千万亿]"
_NUMBER = rf"(?<!{_N})(?<!第)({_N}+(?:点[零一二三四五六七八九]+)?)"
_LONG = rf"(?<!{_N})(?<!第)({_N}{{2,}}(?:点[零一二三四五六七八九]+)?|{_N}点[零一二三四五六七八九]+)"
_HOUR = rf"(?<!{_N})({_N}{{1,3}})点"
_DAYTIME = "早上|早晨|清晨|上午|中午|下午|傍晚|晚上|夜里|夜晚|半夜|凌晨|今天|昨天|明天|每天|当天"

_RULES = tuple(re.compile(rule) for rule in (
    rf"{_NUMBER}(?=号楼|号院|号线|单元|楼(?![盘市房梯])|号(?!召|称|码|令|角))",  # addresses
    rf"(?<=[元楼栋幢])({_N}+)(?=层)",
    rf"{_LONG}(?=层|室|房间|栋|幢|弄|门牌)",
    rf"{_LONG}(?=元|块|毛|角钱|万元|亿元)",  # money
    r"(?<![零一二两三四五六七八九十百千万])([二两三四五六七八九])(?=元(?![旦月老素首年宵])|块钱|毛钱)",
    rf"{_LONG}(?=平方米|平方公里|平米|公里|千米|厘米|毫米|米|公斤|千克|斤|吨|升|亩|度|摄氏度|户|人|名|岁|周岁|个|次|条|辆|台|家|件|张|棵|天|周|小时|秒|年|月|日|届)",
    rf"{_NUMBER}(?=分钟)",
    rf"({_N}+)(?=月{_N}+[日号])",
    rf"(?<=月)({_N}+)(?=[日号])",
    rf"(?<=年)({_N}+)(?=月)",
))  # fmt: skip
_PERCENT = re.compile(rf"百分之({_N}+(?:点[零一二三四五六七八九]+)?)")
_YEAR = re.compile(r"(?<![零一二三四五六七八九〇])([一二][零一二三四五六七八九〇]{3})(?=年)")
_ROOM = re.compile(r"(?<![零一二三四五六七八九])([一二三四五六七八九][零一二三四五六七八九]{2,3})(?=室|房|号|户)"
                   r"|(?:(?<=单元)|(?<=号楼))([一二三四五六七八九][零一二三四五六七八九]{2,3})(?![零一二三四五六七八九十百])")
_CLOCK = re.compile(
    rf"((?:{_DAYTIME})的?){_HOUR}({_N}{{1,3}}(?=分)|(?=半|钟|整|多|左右|以后|以前|开始|到|至|就|还|才|之|[一三]刻|[，。,.]|$)|(?!{_N}))"
    rf"|(?<=[从到至]){_HOUR}(?=半|钟|整|多|左右|以后|以前|开始|到|至|[，。,.]|$)"
    rf"|{_HOUR}({_N}{{1,3}}(?=分)|(?=半|钟|整|[一三]刻))"
)


def quantities(text: str) -> str:
    """The text with its quantities in figures; all else as it was."""
    text = _PERCENT.sub(lambda found: _percent(found), text)
    text = _YEAR.sub(lambda found: _one_by_one(found[1]), text)
    text = _ROOM.sub(lambda found: _one_by_one(found[1] or found[2]), text)
    text = _CLOCK.sub(_clock, text)
    for rule in _RULES:
        text = rule.sub(lambda found: figures_of(found[1]) or found[0], text)
    return text


def figures_of(said: str) -> str:
    """三百二十 -> 320, 三点五 -> 3.5, 两万三千 -> 23000; nothing where it is no number that anyone says so (七八, 一十)."""
    if said[-1:] in LARGE and len(said) > 1:  # people write 120万元
        head = figures_of(said[:-1])
        return head + said[-1] if head else ""
    whole, dot, decimals = said.partition("点")
    value = _value(whole)
    if value is None or not all(char in ONES for char in decimals) or bool(dot) != bool(decimals) or quantity(str(value)) not in (whole.replace("两", "二").replace("〇", "零"), _full(whole)):
        return ""
    return str(value) + (f".{_one_by_one(decimals)}" if dot else "")


def _full(whole: str) -> str:
    """一万零五百 and 一万五百; 十五 and 一十五: the spelling that numerals.quantity uses."""
    return whole.replace("两", "二").replace("〇", "零").replace("零百", "百")


def _value(whole: str) -> int | None:
    total = section = 0
    figure: int | None = None
    for char in whole:
        if char in ONES:
            if figure not in (None, 0):
                return None
            figure = ONES[char]
        elif char in TENS:
            section += (1 if figure is None else figure) * TENS[char]
            figure = None
        else:
            section += figure or 0
            total = (total + section) * LARGE[char] if LARGE[char] > total else total + section * LARGE[char]
            section, figure = 0, None
    return total + section + (figure or 0)


def _one_by_one(figures: str) -> str:
    return "".join(str(ONES[char]) for char in figures)


def _percent(found: re.Match[str]) -> str:
    figures = figures_of(found[1])
    return f"{figures}%" if figures else found[0]


def _clock(found: re.Match[str]) -> str:
    before, hour, minute = (found[1] or ""), found[2] or found[4] or found[5], found[3] or found[6] or ""
    figures = figures_of(hour)
    if not figures or int(figures) > 24:
        return found[0]
    minutes = figures_of(minute.removeprefix("零")) if minute else ""
    if minute and (not minutes or int(minutes) > 59):
        return found[0]
    return f"{before}{figures}点{minutes.zfill(2) if minute.startswith('零') else minutes}"
