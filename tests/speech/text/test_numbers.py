"""Numbers as people write them, and words that only look like numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.aftercare import written
from speech.numerals import quantity
from speech.text.numbers import figures_of, quantities


@pytest.mark.parametrize(
    ("heard", "reads"),
    [
        ("我住三百二十号", "我住320号"),
        ("三号楼二单元五零二室", "3号楼2单元502室"),
        ("五号楼三单元幺零二", "5号楼3单元102"),
        ("二零二四年三月五号", "2024年3月5号"),
        ("晚上八点半停水", "晚上8点半停水"),
        ("早上七点到九点", "早上7点到9点"),
        ("每天夜里十一点多还在施工", "每天夜里11点多还在施工"),
        ("下午两点零五分", "下午2点05分"),
        ("三点一刻到的", "3点一刻到的"),
        ("罚了我二百五十块钱", "罚了我250块钱"),
        ("两万三千元，三点五元，一百二十万元", "23000元，3.5元，120万元"),
        ("百分之三十，只有十四度", "30%，只有14度"),
        ("往东一百米，十五分钟，十分钟", "往东100米，15分钟，10分钟"),
        ("身份证三七零五零二一九八五零三零五一二三X", "身份证37050219850305123X"),
        ("电话零五四六八三八幺二三四", "电话05468381234"),
        ("洞五四六八三八幺两三四", "05468381234"),
        ("打幺幺零，没人接", "打110，没人接"),
    ],
)
def test_what_people_write_in_figures(heard: str, reads: str) -> None:
    assert written(heard) == reads


@pytest.mark.parametrize(
    "words",
    [
        "统一安排", "十分感谢", "经十路", "北一路和西四路", "纬十二路", "津二路", "一点都不好", "有两点要求", "千万不要", "万一", "十有八九",
        "一两个月", "七八个人", "三四百块", "二十七八岁", "一百多户", "一个星期没有人", "三个月大的孩子", "升起一层白色的雾", "一家三口", "三室一厅",
        "第十二个", "统一十元", "千家万户", "一模一样", "三角洲公园", "二环东路", "一元二次方程", "从一点一滴做起", "元旦", "三分之一",
    ],
)  # fmt: skip
def test_what_stays_in_words(words: str) -> None:
    assert written(words) == words


@given(st.integers(min_value=11, max_value=9_999_999))
def test_every_number_that_can_be_said_comes_back(number: int) -> None:
    assert quantities(f"共{quantity(str(number))}米。").replace("万", "0000") == f"共{number}米。"


@given(st.text(alphabet="零一二两三十百千万亿点", max_size=12))
def test_no_pile_of_numerals_is_misread(said: str) -> None:
    found = figures_of(said)
    assert not found or found.endswith(("万", "亿")) or quantity(found) in (said.replace("两", "二"), said)


@given(st.text(alphabet="我一二十百点半分元号楼年月日晚上0139，", max_size=30))
def test_twice_is_once(heard: str) -> None:
    assert quantities(quantities(heard)) == quantities(heard)
