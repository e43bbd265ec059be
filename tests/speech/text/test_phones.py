"""Telephone numbers that can be called, and those that were lost on the way."""

from __future__ import annotations

import pytest

from speech.text.phones import identities, masked, phones


@pytest.mark.parametrize(
    ("text", "value", "valid"),
    [
        ("我的电话是13812345678，谢谢", "13812345678", True),
        ("请打05468381234", "05468381234", True),
        ("打0546-8381234也行", "05468381234", True),
        ("客服4008001234", "4008001234", True),
        ("电话8381234", "8381234", True),
        ("我姓王，电话1066887799", "1066887799", False),
        ("联系电话1775-801236", "1775801236", False),
        ("电话138123456789", "138123456789", False),
    ],
)
def test_a_number_and_whether_it_can_be_called(text: str, value: str, valid: bool) -> None:
    (number,) = phones(text)
    assert (number.value, number.valid) == (value, valid)
    assert text[number.start : number.start + len(number.words)] == number.words


def test_what_is_no_callers_number() -> None:
    assert phones("我打过12345和110，电话是95588，房号320，2024年3月5号") == []


def test_an_identity_number_is_checked_by_its_last_figure() -> None:
    good, bad = identities("身份证11010519491231002X和110105194912310021")
    assert (good.valid, bad.valid) == (True, False)
    assert phones("电话13812345678，身份证11010519491231002X")[0].value == "13812345678"


def test_long_numbers_are_masked_where_others_read() -> None:
    assert masked("电话13812345678，身份证11010519491231002X，住320号") == "电话138****5678，身份证110****002X，住320号"
