"""Figures are read aloud as a person at the hotline would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.numerals import quantity, spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("投诉请按1，建议请按2", "投诉请按一,建议请按二"),
        ("12345热线", "一二三四五热线"),
        ("紧急情况请拨打110、119或120", "紧急情况请拨打幺幺零、幺幺九或幺二零"),
        ("13812345678", "幺三八幺二三四五六七八"),
        ("0546-12345", "零五四六,一二三四五"),
        ("0546-8381234", "零五四六,八三八幺二三四"),
        ("等待30分钟", "等待三十分钟"),
        ("前面有2位，第2号窗口，2楼", "前面有两位,第二号窗口,二楼"),
        ("10日", "十日"),
        ("15个工作日", "十五个工作日"),
        ("2026年1月5日", "二零二六年一月五日"),
        ("8:30到17:05", "八点三十分到十七点零五分"),
        ("9:00", "九点"),
        ("105.5元", "一百零五点五元"),
        ("30%", "百分之三十"),
        ("按*重听，按#返回", "按星号重听,按井号返回"),
        ("全角１２３４５", "全角一二三四五"),
    ],
)
def test_figures_are_read_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("figures", "said"),
    [("0", "零"), ("10", "十"), ("11", "十一"), ("110", "一百一十"), ("1005", "一千零五"), ("10010", "一万零一十"),
     ("100000", "十万"), ("20000003", "二千万零三"), ("3.05", "三点零五")],
)  # fmt: skip
def test_quantities(figures: str, said: str) -> None:
    assert quantity(figures) == said


@given(st.text(alphabet="0123456789.:-%+年月日个号元 ", max_size=40))
def test_whatever_is_written_no_figure_is_left_unread(written: str) -> None:
    assert not any(char in "0123456789" for char in spoken(written))
