"""The return visit: its file, and its survey as a small menu whose node ids say what was answered."""

from __future__ import annotations

from datetime import datetime

import pytest

from hotline import menus
from hotline.serve.revisits import calls_now
from hotline.settings import DIALPLANS
from ivr import dialplan
from ivr.events import Decide, HungUp, NoInput, Pressed
from ivr.flow import Call, begin, step
from ivr.loading import check, load
from ivr.model import City
from ivr.revisits import QUIET, ROOT, Answers, Revisits, answers, survey
from tests.ivr.cities import CHINA, MONDAY, good_texts

WORDS = "".join(f"{name}: 您好\n" for name in ("revisit-hello", "revisit-solved", "revisit-satisfied", "revisit-else"))


@pytest.fixture(scope="module")
def city() -> City:
    return load(menus.texts(DIALPLANS / "12345"))


def asked(city: City, keys: str) -> tuple[str, str]:
    """Where the survey is after these keys (s: silence, h: hung up), and what was decided there."""
    place, told = begin(survey(city), Call("12345", MONDAY, at=ROOT))
    for key in keys:
        place, told = step(place, {"s": NoInput(), "h": HungUp()}.get(key) or Pressed(key))
    return place.at, next((one.decision for one in told if isinstance(one, Decide)), "")


@pytest.mark.parametrize(
    ("keys", "at", "decision", "said"),
    [
        ("1", "revisit-1", "", Answers("yes")),
        ("13", "revisit-1-3", "", Answers("yes", "dissatisfied")),
        ("311", "revisit-3-1-8", "voicemail", Answers("no", "satisfied", "message")),
        ("2#1", "revisit-1", "", Answers("yes")),
        ("10", "revisit-1-0", "queue", Answers("yes", "", "person")),
        ("9", "revisit-9", "hangup", Answers("", "", "never")),
        ("ss", QUIET, "hangup", Answers()),
        ("1ss", QUIET, "hangup", Answers()),
        ("777", QUIET, "hangup", Answers()),
        ("h", ROOT, "", Answers()),
    ],
)
def test_the_node_says_what_was_answered(city: City, keys: str, at: str, decision: str, said: Answers) -> None:
    assert asked(city, keys) == (at, decision)
    assert answers(at) == said


def test_silence_puts_no_answering_machine_in_the_queue(city: City) -> None:
    assert asked(city, "ss")[1] == "hangup"


def test_the_native_copy_has_every_question(city: City) -> None:
    text = dialplan.compile(city, 3)
    for node in survey(city).nodes:
        assert f"[hotline-v3-{node}]" in text
    assert "revisit" not in dialplan.compile(load(good_texts()), 3)


def test_without_the_file_nobody_is_called() -> None:
    assert not load(good_texts()).revisits.enabled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('first: "20:00"\nlast: "09:00"\n', "09:00 is not after 20:00"),
        ("lines: 0\n", "must be a whole number from 1 to 30"),
        ('again_minutes: ["0"]\n', '"0" is no number of minutes'),
        ("days: never\n", "no such kind of days"),
        ("line: 2\n", 'no such field "line"'),
    ],
)
def test_mistakes_are_said(text: str, message: str) -> None:
    texts = good_texts(prompts=good_texts()["prompts.yaml"] + WORDS) | {"revisits.yaml": text}
    assert any(message in fault.message and fault.file == "revisits.yaml" for fault in check(texts))


def test_the_survey_needs_its_words() -> None:
    faults = check(good_texts() | {"revisits.yaml": "lines: 1\n"})
    assert sum("the return visit needs it" in fault.message for fault in faults) == 4


@pytest.mark.parametrize(
    ("days", "at", "calls"),
    [
        ("every", "2026-11-22 08:59", False), ("every", "2026-11-22 09:00", True), ("every", "2026-11-22 19:59", True), ("every", "2026-11-22 20:00", False),
        ("working", "2026-11-22 12:00", False), ("working", "2026-11-23 12:00", True), ("working", "2026-10-01 12:00", False), ("working", "2026-10-10 12:00", True),
    ],
)  # fmt: skip
def test_citizens_are_called_in_allowed_hours_only(city: City, days: str, at: str, calls: bool) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=CHINA)
    assert calls_now(Revisits(enabled=True, days=days), city.calendar, moment) is calls
