"""What callers say in a few words, as recognisers write it, and what it means at a menu."""

from __future__ import annotations

import pytest

from ivr.events import Spoke
from ivr.speaking import Wish
from speech.choosing import certain, meaning

WISHES = (
    Wish("1", ("投诉", "我要投诉"), "a"),
    Wish("2", ("咨询", "求助", "我想问一下"), "b"),
    Wish("3", ("举报",), "c"),
    Wish("4", ("提建议", "建议"), "d"),
)


def sure(key: str) -> Spoke:
    return Spoke("choice", key, sure=True)


def perhaps(key: str) -> Spoke:
    return Spoke("choice", key)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("投诉", sure("1")),
        ("我要投诉。", sure("1")),
        ("嗯，我想投诉一下我们小区的物业，半年没有扫地了", sure("1")),
        ("转人工", sure("0")),
        ("我找人工", sure("0")),
        ("再说一遍", sure("*")),
        ("返回", sure("#")),
        ("我想问一下公积金怎么提取", sure("2")),
        ("头诉", sure("1")),  # the very same sounds
        ("投苏", perhaps("1")),  # two syllables, another tone
        ("我要偷素", sure("1")),  # four syllables, whatever their tones
        ("我要偷树", perhaps("1")),  # a line makes shu and su alike
        ("题建意", sure("4")),
        ("体建仪", sure("4")),
        ("提茧议", sure("4")),
        ("提见意", sure("4")),
        ("醉想问一下", perhaps("2")),  # one syllable is another
        ("投诉还是举报", perhaps("1")),  # two choices
        ("我不投诉", Spoke("unclear")),
        ("今天天气真好", Spoke("unclear")),
        ("家里着火了", Spoke("danger", "119")),
        ("找火了快来人", Spoke("danger", "119")),
        ("有人晕倒了", Spoke("danger", "120")),
        ("有人拿刀砍人", Spoke("danger", "110")),
        ("我要投诉楼下着火了", Spoke("danger", "119")),
        ("投诉请按1，咨询请按2", None),  # the menu itself, out of a loudspeaker
        ("。", None),
        ("", None),
        ("Thank you.", None),
    ],
)  # fmt: skip
def test_at_a_menu(said: str, meant: Spoke | None) -> None:
    assert meaning(said, WISHES) == meant


@pytest.mark.parametrize("said", ["是", "是的", "对", "对的", "嗯", "是的是的", "要", "好的", "事的", "没错", "对，是", "对对对"])
def test_yes(said: str) -> None:
    assert meaning(said, None) == Spoke("yes")


@pytest.mark.parametrize("said", ["不是", "不", "不对", "不是的", "不要", "错了", "不事", "没有啊"])
def test_no(said: str) -> None:
    assert meaning(said, None) == Spoke("no")


@pytest.mark.parametrize(
    ("said", "meant"),
    [("人工", sure("0")), ("着火了", Spoke("danger", "119")), ("什么", Spoke("unclear")), ("我家的水管", Spoke("unclear"))],
)
def test_neither(said: str, meant: Spoke) -> None:
    assert meaning(said, None) == meant


def test_what_the_engine_doubts_is_asked_about() -> None:
    assert meaning("投诉", WISHES, trusted=False) == perhaps("1")
    assert certain(-0.5, "average log probability")
    assert not certain(-1.2, "average log probability")
    assert not certain(0.4, "word confidence")
    assert certain(0.0, "none")
