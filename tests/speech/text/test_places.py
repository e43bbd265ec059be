"""Places misspelt by sound become right by themselves only where nothing else makes sense."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from hotline.settings import DIALPLANS
from speech.text import gazetteer, vocabulary
from speech.text.gazetteer import Name
from speech.text.places import Change, Corrector
from speech.text.sounds import alike

GENERAL = Path(__file__).parent.parent / "general_mandarin.txt"
CITY = gazetteer.of_city(DIALPLANS / "12345")


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return Corrector([*CITY, *vocabulary.terms()])


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我是冬营七文会接到的居民", "我是东营区文汇街道的居民"),  # one dictation, three degrees
        ("东银市可力气有个工地", "东营市垦利区有个工地"),
        ("历经线的路灯坏了", "利津县的路灯坏了"),
        ("东营区史扣镇", "东营区史口镇"),
        ("住在虚前大街", "住在虚前大街"),  # near, alone: nobody knows
        ("住在仅南路", "住在济南路"),  # an n that the next syllable began with
        ("在紧南路历程路", "在济南路历程路"),  # a road that is not listed is no 聊城路
        ("紧口路", "紧口路"),
        ("史扣镇六虎镇都停水", "史口镇六户镇都停水"),
        ("我在东营火车占", "我在东营火车站"),
        ("站到经营，工基金，造音", "占道经营，公积金，噪音"),
        ("富前大街十号", "府前大街十号"),
        ("东营火车战门口", "东营火车站门口"),  # 火车站 is known, and part of it
    ],
)
def test_places_are_put_right_by_their_sound(heard: str, meant: str, corrector: Corrector) -> None:
    assert corrector.correct(heard)[0] == meant


@pytest.mark.parametrize(
    "sense",
    [
        "他被一路护送到了医院",  # 北一路
        "我要到东营去看看",  # 东营区
        "西三路和西四路交叉口",
        "图书管理员",
        "意味深长",
        "今年去南方",
        "大王真厉害",  # 大王镇
        "学校东四楼",  # 东四路
    ],
)
def test_what_makes_sense_stays(sense: str, corrector: Corrector) -> None:
    assert corrector.correct(sense)[0] == sense


def test_every_change_says_where_what_and_why(corrector: Corrector) -> None:
    text, changes = corrector.correct("你好，冬营七文会接到")
    assert text == "你好，东营区文汇街道"
    assert changes == (Change(3, "冬营七", "东营区", "alike", True), Change(6, "文会接到", "文汇街道", "homophone", True))


def test_what_is_only_near_is_suggested(corrector: Corrector) -> None:
    text, changes = corrector.correct("就在历津线旁边，虚前大街")
    assert "虚前大街" in text
    assert Change(8, "虚前大街", "府前大街", "near", False) in changes


def test_for_a_second_hearing_all_that_sounds_through_is_told(corrector: Corrector) -> None:
    assert set(corrector.likely("广摇线到中正的轮胎厂")) >= {"广饶县", "稻庄镇"}  # 到 makes no sense before a name, but a listener may ask
    assert "胜坨镇" in corrector.likely("宋陀正的村民想问一下")  # one syllable is quite another
    assert corrector.likely("广饶县稻庄镇的轮胎厂，小区停水三天了") == ()
    assert len(corrector.likely("广摇线，到中正，宋陀正，史扣镇，六虎镇，冬营七，可力气，历经线，河口七，仅南路")) == 8


def test_two_names_that_fit_as_well_are_left_to_a_person() -> None:
    corrector = Corrector([Name("京九路", "place"), Name("经九路", "place")])
    text, changes = corrector.correct("在惊九路上")
    assert text == "在惊九路上"
    assert {change.after for change in changes} == {"京九路", "经九路"}


def test_a_wrong_road_is_not_made_of_another_number() -> None:
    corrector = Corrector([Name("西四路", "place")])
    assert corrector.correct("在西十路上，西七路也是") == ("在西十路上，西七路也是", ())


def test_two_thousand_characters_of_general_mandarin_stay_as_they_are(corrector: Corrector) -> None:
    text = re.sub(r"\s", "", GENERAL.read_text(encoding="utf-8"))
    assert sum("一" <= char <= "鿿" for char in text) >= 2000
    _, changes = corrector.correct(text)
    assert [change for change in changes if change.applied] == []


@pytest.mark.parametrize("text", ["", "，。", "hello 12345", "𠮷野家", "嗯" * 500, "\x00\n"])
def test_odd_texts_pass(text: str, corrector: Corrector) -> None:
    assert corrector.correct(text)[0] == text


def test_ten_thousand_names_cost_little() -> None:
    """Measured precisely by make bench-speech; here only that it is indexed (a scan would take minutes)."""
    names = [Name(f"{a}{b}{c}路", "place") for a in "东西南北中前后上下" for b in "山河湖海江水木石田" for c in "春夏秋冬梅兰竹菊松"]
    corrector = Corrector(names)
    began = time.perf_counter()
    corrector.correct("我们小区楼下的工地每天晚上施工，噪音很大，老人和孩子都没有办法睡觉。" * 10)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(("one", "other"), [("qu", "qi"), ("quan", "qian"), ("xing", "xin"), ("zhen", "zheng"), ("shi", "si"), ("nan", "lan"), ("ru", "lu"), ("huang", "huan")])
def test_syllables_that_a_line_makes_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(("one", "other"), [("sheng", "cheng"), ("dao", "da"), ("lu", "li"), ("ke", "ken"), ("yi", "yin" + "x")])
def test_syllables_that_stay_apart(one: str, other: str) -> None:
    assert alike(one) != alike(other)
