"""What a ticket wants to know, found in what callers say: sentences that the rules were not written from."""

from __future__ import annotations

import json

import pytest

from hotline.settings import DIALPLANS
from speech.text import gazetteer
from speech.text.alarms import alarms
from speech.text.fields import Fields, find
from speech.text.places import Corrector

CORRECTOR = Corrector(gazetteer.of_city(DIALPLANS / "12345"))


def found(text: str) -> Fields:
    return find(text, CORRECTOR.known(text))


@pytest.mark.parametrize(
    ("said", "type_"),
    [
        ("我要投诉楼上装修，周末也不停", "complaint"),
        ("我想咨询一下医保怎么报销", "consultation"),
        ("请问办理居住证需要什么材料", "consultation"),
        ("我举报一家饭店无证经营", "report"),
        ("有人在河边偷排污水", "report"),
        ("我建议在学校门口装一个红绿灯", "suggestion"),
        ("我要表扬一下公交司机李师傅", "praise"),
        ("我们这儿停水两天了", "help"),
        ("电梯坏了，老人下不了楼", "help"),
        ("物业一直没人管", "complaint"),
    ],
)
def test_the_type(said: str, type_: str) -> None:
    kind = found(said).type
    assert kind is not None
    assert (kind.value, said[kind.start : kind.start + len(kind.words)]) == (type_, kind.words)


def test_what_is_said_outright_counts_before_what_is_only_meant() -> None:
    outright, meant = found("停水三天了，我要投诉自来水公司").type, found("停水三天了").type
    assert outright is not None
    assert meant is not None
    assert (outright.value, meant.value) == ("complaint", "help")
    assert outright.confidence > meant.confidence
    assert found("喂，你好，听得见吗").type is None


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("我住在东营区文汇街道锦华小区3号楼2单元501室", "东营区文汇街道锦华小区3号楼2单元501室"),
        ("在济南路和西四路交叉口往东100米", "济南路和西四路交叉口往东100米"),
        ("广饶县大王镇的垃圾桶满了", "广饶县大王镇"),
        ("胜利大街附近有人乱停车", "胜利大街附近"),
    ],
)
def test_an_address_is_one_chain(said: str, place: str) -> None:
    assert found(said).places[0].value == place


def test_the_gazetteer_is_surer_than_the_way_a_name_ends() -> None:
    known, guessed = found("东营区停水了，阳光花园也停了").places
    assert (known.value, guessed.value) == ("东营区", "阳光花园")
    assert known.confidence > guessed.confidence
    assert found("晚上走路看不见，马路上没有灯，全市都这样").places == ()


def test_time_phone_person_and_what_is_asked() -> None:
    text = "您好，我叫王建国，从昨天晚上8点开始停水，已经三天了，电话13812345678，希望尽快处理"
    fields = found(text)
    assert "昨天晚上8点" in [time.value for time in fields.times]
    assert [(phone.value, phone.words) for phone in fields.phones] == [("13812345678", "13812345678")]
    assert [person.value for person in fields.persons] == ["王建国"]
    assert fields.asked[0].value == "希望尽快处理"
    for finding in (*fields.times, *fields.phones, *fields.persons, *fields.asked):
        assert finding.words in text
        assert 0 < finding.confidence < 1
    assert json.loads(json.dumps(fields.as_json(), ensure_ascii=False))["type"]["value"] == "help"


def test_a_surname_and_a_form_of_address() -> None:
    assert [person.value for person in found("我姓李，找过王经理").persons] == ["李"]
    assert [person.value for person in found("我姓李。王经理不管").persons] == ["李", "王经理"]
    assert found("我是东营区的居民，我是业主").persons == ()


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("楼下车棚着火了", "fire", "着火"),
        ("厨房燃气好像泄漏了", "gas", "燃气好像泄漏"),
        ("我不想活了", "life", "不想活"),
        ("有个孩子掉进河里了", "injury", "掉进河"),
        ("门口有人拿刀", "violence", "拿刀"),
        ("围墙倒塌了", "collapse", "倒塌"),
    ],
)
def test_words_that_cannot_wait(said: str, kind: str, words: str) -> None:
    (alarm,) = alarms(said)
    assert (alarm.kind, alarm.words, alarm.start) == (kind, words, said.index(words))
    assert found(said).alarms == (alarm,)


@pytest.mark.parametrize(
    ("heard", "kind", "words", "means"),
    [  # the first three were heard so by Whisper base, from the demonstration voice on a telephone line
        ("我家厨房找火了，请快来人", "fire", "找火", "着火"),
        ("我家里没去泄漏冷，味道很大", "gas", "没去泄漏", "煤气泄漏"),
        ("救人，房子找火门", "fire", "找火", "着火"),
        ("有人要条楼", "life", "条楼", "跳楼"),
    ],
)
def test_words_that_cannot_wait_are_known_by_their_sound(heard: str, kind: str, words: str, means: str) -> None:
    (alarm,) = alarms(heard)
    assert (alarm.kind, alarm.words, alarm.means, alarm.start) == (kind, words, means, heard.index(words))


@pytest.mark.parametrize("said", ["他上班迟到了", "没有找火"])
def test_what_makes_sense_is_no_alarm_for_its_sound(said: str) -> None:
    assert alarms(said) == []


@pytest.mark.parametrize("said", ["没有着火，就是烟大", "怎么预防火灾", "路灯坏了", "我想咨询煤气开户", "灭火器过期了"])
def test_no_alarm_without_reason(said: str) -> None:
    assert alarms(said) == []


@pytest.mark.parametrize("text", ["", "。。。", "a" * 3000, "我姓", "号楼单元", "1" * 500])
def test_odd_texts_pass(text: str) -> None:
    found(text)
