"""Numbers, dates, times, money and ticket numbers in the words people use for them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import say


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (0, "零", "zero"), (2, "二", "two"), (10, "十", "ten"), (11, "十一", "eleven"), (20, "二十", "twenty"), (42, "四十二", "forty-two"),
        (100, "一百", "one hundred"), (105, "一百零五", "one hundred and five"), (110, "一百一十", "one hundred and ten"),
        (1005, "一千零五", "one thousand and five"), (1050, "一千零五十", "one thousand and fifty"), (1200, "一千二百", "one thousand two hundred"),
        (10_000, "一万", "ten thousand"), (10_005, "一万零五", "ten thousand and five"), (20_300, "二万零三百", "twenty thousand three hundred"),
        (100_000, "十万", "one hundred thousand"), (1_000_001, "一百万零一", "one million and one"),
        (100_000_000, "一亿", "one hundred million"), (1_400_050_000, "十四亿零五万", "one billion four hundred million fifty thousand"),
    ],
)  # fmt: skip
def test_quantities(value: int, chinese: str, english: str) -> None:
    assert (say.number(value, "zh"), say.number(value, "en")) == (chinese, english)


def test_two_of_something_is_another_word_in_chinese() -> None:
    assert [say.counted(value, "位", "zh") for value in (1, 2, 12, 22, 200)] == ["一位", "两位", "十二位", "二十二位", "二百位"]
    assert say.counted(2, "callers", "en") == "two callers"


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("110", "幺幺零", "one one zero"), ("0546-12345", "零五四六，幺二三四五", "zero five four six, one two three four five"),
        ("+8613812345678", "八六幺三八幺二三四五六七八", "eight six one three eight one two three four five six seven eight"), ("", "", ""),
    ],
)  # fmt: skip
def test_figures_one_by_one(text: str, chinese: str, english: str) -> None:
    assert (say.figures(text, "zh"), say.figures(text, "en")) == (chinese, english)


def test_a_ticket_number_is_its_day_and_six_figures() -> None:
    assert say.ticket("20261101-000042", "zh") == "二零二六年十一月一日，零零零零四二"
    assert say.ticket("20261101-000042", "en") == "the first of November, twenty twenty-six, zero zero zero zero four two"
    assert say.ticket("A-17", "zh") == "幺七"


@pytest.mark.parametrize(
    ("day", "chinese", "english"),
    [
        (date(2026, 11, 23), "二零二六年十一月二十三日", "the twenty-third of November, twenty twenty-six"),
        (date(2005, 1, 30), "二零零五年一月三十日", "the thirtieth of January, two thousand and five"),
        (date(2010, 5, 12), "二零一零年五月十二日", "the twelfth of May, twenty ten"),
        (date(1906, 8, 8), "一九零六年八月八日", "the eighth of August, nineteen oh six"),
        (date(1900, 2, 5), "一九零零年二月五日", "the fifth of February, nineteen hundred"),
        (date(2000, 3, 31), "二零零零年三月三十一日", "the thirty-first of March, two thousand"),
    ],
)
def test_dates(day: date, chinese: str, english: str) -> None:
    assert (say.spoken_date(day, "zh"), say.spoken_date(day, "en")) == (chinese, english)


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [("08:05", "八点零五分", "eight oh five"), ("02:00", "两点", "two o'clock"), ("12:30", "十二点三十分", "twelve thirty"),
     ("20:10", "二十点十分", "twenty ten"), ("00:00", "零点", "zero o'clock")],
)  # fmt: skip
def test_times(at: str, chinese: str, english: str) -> None:
    moment = datetime.strptime(at, "%H:%M")
    assert (say.clock(moment, "zh"), say.clock(moment, "en")) == (chinese, english)


@pytest.mark.parametrize(
    ("yuan", "chinese", "english"),
    [("12.50", "十二元五角", "twelve yuan fifty"), ("2", "两元", "two yuan"), ("2.05", "两元零五分", "two yuan five fen"),
     ("0.22", "零元两角两分", "zero yuan twenty-two"), ("10000.01", "一万元零一分", "ten thousand yuan one fen")],
)  # fmt: skip
def test_money(yuan: str, chinese: str, english: str) -> None:
    assert (say.money(Decimal(yuan), "zh"), say.money(Decimal(yuan), "en")) == (chinese, english)


def test_an_english_prompt_spells_its_telephone_numbers() -> None:
    assert say.english("This is 12345. Press 1, or call 110 within 24 hours; 3.14159 stays.") == (
        "This is one two three four five. Press 1, or call one one zero within 24 hours; 3.14159 stays."
    )


@given(st.integers(0, say.LARGEST), st.integers(0, say.LARGEST))
def test_no_two_numbers_sound_alike(one: int, other: int) -> None:
    for language in ("zh", "en"):
        assert (say.number(one, language) == say.number(other, language)) == (one == other)


@pytest.mark.parametrize(("value", "language"), [(1, "fr"), (-1, "zh"), (10**16, "en")])
def test_what_cannot_be_said_is_refused(value: int, language: str) -> None:
    with pytest.raises(say.CannotSay):
        say.number(value, language)
