"""channels.yaml and notices.yaml: read, each mistake with its message, and what comes where a city says nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from hotline.city_folder import texts
from ivr.channel_reading import USUAL
from ivr.difference import words
from ivr.faults import CityRefused
from ivr.loading import load
from ivr.notices import CHINESE, HOLDS, TOLD, Notices
from tests.ivr.cities import CHINA
from tickets.moves import STAGES

GOOD = texts(Path(__file__).parent / "good")
DEMO = texts(Path(__file__).parents[2] / "dialplans/12345")
ONE = "channels: {qq: {name: QQ"


def test_the_files_that_come_with_it_say_what_holds_without_them() -> None:
    assert load(DEMO).channels == load(GOOD).channels == USUAL
    demo, usual = load(DEMO).notices, Notices()
    assert (demo.signature, demo.told) == (usual.signature, usual.told)
    assert {language: dict(said) for language, said in demo.texts.items()} == {language: dict(said) for language, said in usual.texts.items()}
    assert set(CHINESE) == set(HOLDS)


@pytest.mark.parametrize(("clock", "answered"), [("06:59", False), ("07:00", True), ("21:59", True), ("22:00", False)])
def test_qq_is_answered_by_people_from_seven_to_ten(clock: str, answered: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    assert USUAL.channels["qq"].is_answered(datetime(2026, 11, 22, hour, minute, tzinfo=CHINA)) is answered
    assert USUAL.channels["wechat"].is_answered(datetime(2026, 11, 22, hour, minute, tzinfo=CHINA))


def test_a_text_is_filled_and_in_the_citizens_language() -> None:
    notices = Notices()
    assert notices.text("step", number="20261122-000001", step="已派单") == "您的工单20261122-000001：已派单。"
    assert notices.text("step", "en", number="1", step="handling").startswith("Your ticket 1")
    assert notices.text("step", "ja", number="1", step="{number}").endswith("{number}。")  # what is filled in is not filled again


def test_what_changed_is_told() -> None:
    changed = load({**DEMO, "channels.yaml": DEMO["channels.yaml"].replace("07:00", "08:00"), "notices.yaml": "signature: 【热线】"})
    said = words(load(DEMO), changed)
    assert any("qq" in line for line in said) and any("【热线】" in line for line in said)


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("channels", "channels: []", "channels.yaml:1: channels: must be 1 to 50 names with a colon and their fields"),
        ("channels", ONE + ", needs: plaice}}", 'channels.yaml:1: channels/qq/needs: no such need "plaice" (did you mean "place"?)'),
        ("channels", ONE + ", tell: telepathy}}", 'channels.yaml:1: channels/qq/tell: no such way to tell "telepathy"'),
        ("channels", ONE + ", progress: never}}", 'channels.yaml:1: channels/qq/progress: no such answer "never"'),
        ("channels", ONE + ', answered: ["daily 22:00-07:00"]}}', 'channels.yaml:1: channels/qq/answered/1: "daily 22:00-07:00" ends before it begins; hours across midnight are two lines'),
        ("channels", ONE + ", most_an_hour: 0}}", "channels.yaml:1: channels/qq/most_an_hour: must be a whole number from 1 to 10000"),
        ("channels", ONE + ", hours: x}}", 'channels.yaml:1: channels/qq/hours: no such field "hours"'),
        ("channels", "channels:\n  Q Q: {name: QQ}", 'channels.yaml:2: channels/Q Q: "Q Q" is not small letters, digits and dashes, 20 at most'),
        ("channels", ONE + "}}\nrepeat: {likeness: 5}", "channels.yaml:2: repeat/likeness: must be a whole number from 20 to 100"),
        ("channels", ONE + "}}\nsurge: {caller: 5}", 'channels.yaml:2: surge/caller: no such field "caller" (did you mean "callers"?)'),
        ("channels", ONE + "}}\ntold: [always]", 'channels.yaml:2: told/1: "always" is not days and hours, such as "mon-fri 08:30-17:30"'),
        ("notices", "told: [dispatch]", 'notices.yaml:1: told: no such step "dispatch" (did you mean "dispatched"?)'),
        ("notices", "texts: {stepp: {zh: 好}}", 'notices.yaml:1: texts/stepp: no such text "stepp" (did you mean "step"?)'),
        ("notices", 'texts: {step: {zh: "{name}"}}', "notices.yaml:1: texts/step/zh: {name} cannot stand here; there are: {number}, {step}"),
        ("notices", "texts: {step: {de: gut}}", 'notices.yaml:1: texts/step/de: no such field "de"'),
        ("notices", 'texts: {step: {zh: ""}}', "notices.yaml:1: texts/step/zh: is empty; it must be a text on one line, 500 characters at most"),
        ("notices", "sign: x", 'notices.yaml:1: sign: no such field "sign"'),
    ],
)  # fmt: skip
def test_each_mistake_has_its_message(file: str, text: str, fault: str) -> None:
    with pytest.raises(CityRefused) as refused:
        load({**GOOD, f"{file}.yaml": text + "\n"})
    assert fault in str(refused.value)


def test_every_step_that_can_be_told_is_one() -> None:
    assert set(TOLD) <= set(STAGES)
