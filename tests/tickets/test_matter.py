"""What citizens' words say and which are the same matter, with false friends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivr.channels import Surge
from tickets.likeness import Matter, alike, crowds, same_matter
from tickets.matter import asks_progress, cleaned, numbers, taken_apart

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("人民路12号路灯坏了", ("人民路12号",)),
        ("我家住在阳光花园3栋，停水了", ("阳光花园3栋",)),
        ("地点：老火车站东边 内容：晚上很吵", ("老火车站东边",)),
        ("地址：河边\n内容：垃圾没人收", ("河边",)),
        ("路灯坏了", ()),
        ("我们小区停水了", ()),
        ("门口的马路坏了", ()),
        ("街道办事处态度不好", ()),
        ("线路故障停电了", ()),
        ("南京东路３００号井盖没了", ("南京东路300号",)),
    ],
)
def test_a_place_is_seen_where_one_is_named(text: str, places: tuple[str, ...]) -> None:
    assert taken_apart(text).places == places


def test_the_citys_own_names_are_places_too() -> None:
    assert taken_apart("大柳树那边停水了", ("大柳树",)).places == ("大柳树",)
    assert taken_apart("大柳树那边停水了").places == ()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("我的工单20261122-000001办得怎么样了", True),
        ("请问处理结果", True),
        ("查询进度", True),
        ("人民路路灯坏了反映三次没进展", False),
        ("停水", False),
        ("物业一直说在处理，可是垃圾已经堆了一个多星期，气味很大，老人小孩都受不了，希望有关部门查询一下到底谁负责", False),
    ],
)
def test_a_question_about_progress_and_its_false_friends(text: str, asks: bool) -> None:
    assert asks_progress(text, taken_apart(text)) is asks


def test_numbers_of_tickets_and_of_telephones() -> None:
    assert numbers("工单20261122-000001和20261122000002，电话13800001234") == ["20261122-000001", "20261122-000002"]


def test_nothing_hostile_stays_in_a_text() -> None:
    assert cleaned("a\x00\x1b[2J\u202eb\ud800\r\nc\ufeff ") == "a[2Jb\nc"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("人民路12号路灯坏了", "您好，人民路12号的路灯坏了", True),
        ("人民路12号路灯坏了", "和平区人民路12号路灯坏了", True),
        ("人民路12号路灯坏了", "人民路21号路灯坏了", False),  # another house
        ("人民路路灯坏了", "解放路路灯坏了", False),  # another road
        ("南京东路路灯坏了", "北京东路路灯坏了", False),
        ("阳光花园停水了", "阳光花园停电了", False),  # another matter
        ("阳光花园停水了", "阳光花园来水了", False),
        ("幸福小区电梯坏了没人修", "幸福小区电梯坏了", False),  # 50 %: a second ticket does less harm than a lost matter
        ("幸福小区夜里施工噪音太大睡不着", "幸福小区夜里施工噪音很大睡不着", True),
    ],
)
def test_the_same_matter_and_its_false_friends(one: str, other: str, same: bool) -> None:
    assert same_matter(taken_apart(one), taken_apart(other), 60) is same


def test_the_measure_by_hand() -> None:
    assert alike("停水两天", "停水三天") == 33
    assert alike("", "") == 0
    assert alike("水", "水") == 100


def said(text: str, caller: int, minutes: float = 0) -> Matter:
    return Matter(f"t{caller}", f"c{caller}", NOON + timedelta(minutes=minutes), taken_apart(text))


STOPPED = ["阳光花园停水了", "阳光花园3栋停水", "和平区阳光花园停水了", "阳光花园停水", "阳光花园5栋停水了"]


def test_many_callers_at_one_place_are_a_surge() -> None:
    (crowd,) = crowds([said(text, n, n) for n, text in enumerate(STOPPED)], Surge(5, 60, 40), NOON + timedelta(minutes=10))
    assert (crowd.place, crowd.words, crowd.callers, crowd.tickets) == ("阳光花园", "停水", 5, ("t0", "t1", "t2", "t3", "t4"))


@pytest.mark.parametrize(
    "matters",
    [
        [said(text, 1, n) for n, text in enumerate(STOPPED)],  # one caller five times
        [said(text, n, 30 * n) for n, text in enumerate(STOPPED)],  # not within the hour
        [said(text.replace("阳光花园", f"{'甲乙丙丁戊'[n]}光花园"), n) for n, text in enumerate(STOPPED)],  # five places
        [said(f"阳光花园{what}", n) for n, what in enumerate(("停水了", "电梯坏了", "噪音很大", "垃圾没人收", "车位被占"))],  # five matters
        [said(text.replace("阳光花园", ""), n) for n, text in enumerate(STOPPED)],  # nobody says where
    ],
)
def test_what_is_no_surge(matters: list[Matter]) -> None:
    assert crowds(matters, Surge(5, 60, 40), NOON + timedelta(minutes=120)) == []
