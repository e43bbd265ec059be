"""A transcript becomes readable without becoming wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech import cer
from speech.aftercare import figures, punctuated, written


@pytest.mark.parametrize(
    ("heard", "reads"),
    [
        ("我電話是幺三八幺二三四五六七八", "我电话是13812345678"),
        ("我電話是要3812345678,麻煩快處理", "我电话是13812345678，麻烦快处理"),
        ("電話138 1234 5678。", "电话13812345678。"),
        ("電話 0546-838-1234", "电话05468381234"),
        ("零五四六八三八幺二三四", "05468381234"),
        ("打一二三四五", "打12345"),
        ("统一安排，十分满意，经十路三号楼", "统一安排，十分满意，经十路3号楼"),
        ("我要八十元，要一二三", "我要80元，要一二三"),
        ("都壞了 請派人來修,早上 8點", "都坏了，请派人来修，早上8点"),
        ("  ,,路燈壞了 ,, 請修  ", "路灯坏了，请修"),
        ("每平米3.5元", "每平米3.5元"),
        ("", ""),
    ],
)
def test_what_a_person_reads(heard: str, reads: str) -> None:
    assert written(heard) == reads


def test_another_language_is_left_as_it_is() -> None:
    assert written("안녕  하세요, 電話", language="ko") == "안녕 하세요, 電話"


@given(st.lists(st.sampled_from("零幺二三四五六八九"), min_size=10, max_size=10).map("".join))
def test_every_mobile_number_spoken_one_by_one_comes_out_in_figures(rest: str) -> None:
    spoken = "幺" + "三" + rest[1:]
    table = str.maketrans("零幺二三四五六八九", "012345689")
    assert figures(f"我的号码是{spoken}谢谢") == f"我的号码是{spoken.translate(table)}谢谢"


@given(st.text(alphabet="我要投诉零幺二三 1238,.，。-要八", max_size=40))
def test_no_text_breaks_it_and_twice_is_once(heard: str) -> None:
    assert punctuated(punctuated(heard)) == punctuated(heard)
    assert figures(figures(heard)) == figures(heard)


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("路灯坏了", "路灯坏了", 0.0),
        ("路灯坏了。", "路燈，壞了！", 0.0),
        ("电话幺三八幺二三四五六七八", "电话138-1234-5678", 0.0),
        ("晚上十点，一百米", "晚上10点100米", 0.0),
        ("路灯坏了", "路等坏", 0.5),
        ("路灯", "", 1.0),
        ("路", "这里有路灯", 4.0),
    ],
)
def test_the_error_rate_counts_characters_not_ways_to_write(said: str, heard: str, rate: float) -> None:
    assert cer.error_rate(said, heard) == pytest.approx(rate)


def test_an_error_rate_of_nothing_is_no_number() -> None:
    with pytest.raises(ValueError, match="something that was said"):
        cer.error_rate("，。", "你好")


@given(st.text(alphabet="投诉路灯坏", max_size=8), st.text(alphabet="投诉路灯坏", max_size=8))
def test_edits_are_a_distance(one: str, other: str) -> None:
    assert cer.edits(one, other) == cer.edits(other, one)
    assert (cer.edits(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= cer.edits(one, other) <= max(len(one), len(other))
