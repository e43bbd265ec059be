"""From raw words to a ticket's findings, and which of them a person must read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hotline.settings import DIALPLANS
from speech.audio import Sound
from speech.text.phones import phones
from speech.text.places import Change
from speech.text.review import Evidence, reasons, snr_db
from speech.text.understanding import Understanding
from speech.vad import Span

GOOD = Evidence(-0.2, "average log probability", 8.0, 25.0)
TEXT = "我们小区从昨天晚上8点开始停水，到现在还没有来水。"


def test_a_message_from_raw_words_to_fields() -> None:
    understanding = Understanding.of_city(DIALPLANS / "12345")
    raw = "你好,我是冬營七文會接到的,楼下著火了,我的電話是要3812345678"
    told = understanding.understand(raw, GOOD)
    assert told.raw == raw
    assert told.text == "你好，我是东营区文汇街道的，楼下着火了，我的电话是13812345678"
    assert [change.after for change in told.changes if change.applied] == ["东营区", "文汇街道"]
    for change in told.changes:
        assert told.simplified[change.start : change.start + len(change.before)] == change.before
    assert told.fields.places[0].value == "东营区文汇街道"
    assert told.fields.phones[0].value == "13812345678"
    assert [alarm.kind for alarm in told.fields.alarms] == ["fire"]
    assert not told.needs_review
    assert json.loads(json.dumps(told.as_json(), ensure_ascii=False))["changes"][0]["before"] == "冬营七"


def test_without_a_gazetteer_the_words_of_every_hotline_are_still_known(tmp_path: Path) -> None:
    assert Understanding.of_city(tmp_path).understand("站到经營", GOOD).text == "占道经营"


@pytest.mark.parametrize(
    ("text", "evidence", "reason"),
    [
        (TEXT, GOOD, ()),
        (TEXT, Evidence(-0.9, "average log probability", 8.0, 25.0), ("score",)),
        (TEXT, Evidence(0.5, "word confidence", 8.0, 25.0), ("score",)),
        (TEXT, Evidence(-9.0, "a kind nobody knows", 8.0, 25.0), ()),
        (TEXT, Evidence(-0.2, "average log probability", 8.0, 4.0), ("noise",)),
        ("喂", Evidence(-0.2, "average log probability", 0.6), ("short",)),
        (TEXT, Evidence(-0.2, "average log probability", 2.0), ("pace",)),
        ("停水了", Evidence(-0.2, "average log probability", 30.0), ("pace",)),
        ("停水了，停水了，停水了，停水了，停水了", GOOD, ("repetition",)),
        ("我姓王，电话是1066887799，请回电话", GOOD, ("phone",)),
    ],
)
def test_why_a_person_must_look(text: str, evidence: Evidence, reason: tuple[str, ...]) -> None:
    assert reasons(text, evidence, phones(text), ()) == reason


def test_a_place_that_was_only_suggested_is_a_reason_unless_it_is_far_fetched() -> None:
    alike, near = Change(0, "惊九路", "京九路", "homophone", False), Change(0, "虚前大街", "府前大街", "near", False)
    assert reasons(TEXT, GOOD, [], (alike,)) == ("place",)
    assert reasons(TEXT, GOOD, [], (near,)) == ()


def test_noise_is_measured_between_the_words() -> None:
    time = np.arange(16000) / 8000
    voice = np.where((time > 0.5) & (time < 1.5), 0.2 * np.sin(2 * np.pi * 300 * time), 0)
    noise = np.random.default_rng(7).normal(0, 1, 16000)
    spans = [Span(0.5, 1.5)]
    quiet, loud = (snr_db(Sound((voice + level * noise).astype(np.float32), 8000), spans) for level in (0.002, 0.1))
    assert quiet == pytest.approx(37, abs=3)
    assert loud == pytest.approx(6, abs=3)
    assert snr_db(Sound(np.zeros(16000, np.float32), 8000), []) is None
