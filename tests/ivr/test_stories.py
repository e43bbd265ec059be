"""The stories beside a city's menus: told at every check, and a broken one stops the publish where it breaks."""

from __future__ import annotations

import re

import pytest

from hotline import menus
from hotline.settings import DIALPLANS
from ivr.loading import check, examine, load
from ivr.walk import Walk, WrongStep, told
from speech.choosing import meaning
from tests.ivr import speaking
from tests.ivr.cities import MONDAY, MONDAY_NIGHT, good_city, good_texts

GOOD = """\
a complaint:
  - dials: "12345"
  - hears: welcome
  - presses: "11"
  - reaches: complaints
at night the tax office is closed:
  - at: "2026-11-23 03:00"
  - dials: "12366"
  - hears: closed
  - reaches: general
a caller who leaves:
  - dials: "12345"
  - is_silent
  - hears: noinput
  - hangs_up
a fax machine:
  - dials: "12345"
  - sends_a_fax_tone
  - reaches: fax
"""


def broken(story: str) -> list[str]:
    return [str(fault) for fault in check({**good_texts(), "stories/main.yaml": story})]


def test_true_stories_are_no_faults() -> None:
    assert broken(GOOD) == []


@pytest.mark.parametrize(
    ("line", "instead", "fault"),
    [
        ("hears: welcome", "hears: matters", '3: a complaint/2: the story breaks here: "matters" is not said here; said: welcome, main-menu'),
        ("reaches: complaints", "reaches: general", "5: a complaint/4: the story breaks here: the caller has reached complaints"),
        ('presses: "11"', 'presses: "1"', "5: a complaint/4: the story breaks here: the caller has reached no end; the menu waits for a key"),
        ('presses: "11"', "presses: 11", '4: a complaint/3: the story breaks here: must stand in quotes: "11"'),
        ('presses: "11"', 'presses: "1a"', '4: a complaint/3: the story breaks here: "1a" is not on a telephone (0-9, * and #)'),
        ('presses: "11"', 'presses: "111"', "4: a complaint/3: the story breaks here: the menu is over: the caller has reached complaints"),
        ("  - reaches: complaints\n", "", "4: a complaint/3: a story must say how it ends: reaches … or hangs_up"),
        ('dials: "12366"', 'dials: "12367"', "8: at night the tax office is closed/2: the story breaks here: 12367 is no number of this hotline"),
        ("2026-11-23 03:00", "2026-11-23 10:00", '9: at night the tax office is closed/3: the story breaks here: "closed" is not said here; said: nothing more'),
        ("2026-11-23 03:00", "in the night", '7: at night the tax office is closed/1: the story breaks here: "in the night" is not a moment such as "2026-11-23 10:00"'),
        ("  - is_silent\n", "  - is_silnt\n", '13: a caller who leaves/2: the story breaks here: no such step "is_silnt" (did you mean "is_silent"?)'),
        ("  - is_silent\n", "  - is_silent: 8 seconds\n", "13: a caller who leaves/2: the story breaks here: is_silent takes nothing after it"),
        ("hears: noinput", "hears:", "14: a caller who leaves/3: the story breaks here: hears must say what"),
    ],
)
def test_a_story_says_where_it_breaks(line: str, instead: str, fault: str) -> None:
    assert GOOD.count(line) == 1
    assert broken(GOOD.replace(line, instead)) == [f"stories/main.yaml:{fault}"]


def test_steps_in_a_wrong_shape() -> None:
    assert broken("a:\n  - dials: [x]\n") == ["stories/main.yaml:2: a/1: the story breaks here: dials takes one text"]
    assert broken("a: b\n") == ['stories/main.yaml:1: a: must be a list of steps, such as - dials: "12345"']
    assert broken("a:\n  - {dials: x, hears: y}\n")[0].endswith("a step is one word, or one word with a colon and a value")
    assert broken('a:\n  - presses: "1"\n')[0].endswith("nobody has dialled yet")
    assert broken('a:\n  - dials: "12345"\n  - at: "2026-11-23 03:00"\n')[0].endswith("the clock is set before the call begins")
    assert broken('a:\n  - dials: "12345"\n  - without_menu\n')[0].endswith("the menu is switched off before the call begins")
    assert broken('a:\n  - dials: "12345"\n  - dials: "12345"\n')[0].endswith("the call has begun already")
    assert broken("a: [\n")[0].startswith("stories/main.yaml:2: syntax: ")


def test_what_walk_prints_is_a_story_that_comes_true() -> None:
    for now, number, keys in ((MONDAY, "12345", "49*#13"), (MONDAY_NIGHT, "12366", ""), (MONDAY, "12345", "1"), (MONDAY, "12345", "2")):
        walk = Walk(good_city(), now)
        walk.dials(number)
        for key in keys:
            walk.presses(key)
        if not walk.over:
            walk.is_silent()
            walk.hangs_up()
        assert broken(told(walk, "as walked")) == []


def test_a_walk_reads_as_what_was_heard() -> None:
    walk = Walk(good_city(), MONDAY)
    walk.dials("12345")
    walk.presses("12")
    assert told(walk, "12345 1 2") == """\
"12345 1 2":
  - at: "2026-11-23 10:00"
  - dials: "12345"
  - hears: welcome            # 您好，这里是12345。
  - hears: main-menu          # 诉求请按1，传真请按2，留言请按3，说明请按4。
  - presses: "1"
  - hears: matters            # 投诉请按1，税务请按2，结束请按3。
  - presses: "2"
  - reaches: transfer         # 12345-1-2 Tax office, 054612366"""


def test_a_walk_must_begin_with_a_number() -> None:
    with pytest.raises(WrongStep, match="nobody has dialled yet"):
        Walk(good_city(), MONDAY).is_silent()


def test_with_the_menu_switched_off_a_walk_is_a_story_too() -> None:
    walk = Walk(good_city(), MONDAY, menu=False)
    walk.dials("12345")
    assert broken(told(walk, "at once")) == []
    assert "  - without_menu\n" in told(walk, "at once")
    assert broken('at once:\n  - without_menu\n  - dials: "12345"\n  - reaches: general\n') == []


WARNED = good_texts()["menus.yaml"]
SIX = WARNED.replace('"4": 12345-4\n', '"4": 12345-4\n      "5": 12345-2\n      "6": 12345-2\n')


@pytest.mark.parametrize(
    ("changed", "warning"),
    [
        (
            {"menus": SIX, "prompts": good_texts()["prompts.yaml"].replace("说明请按4", "说明请按4，传真请按5或按六")},
            "menus.yaml:11: nodes/12345/choices: 6 choices: more than 5 are not remembered by ear",
        ),
        (
            {"menus": WARNED + "  12345-lost: {name: Lost, kind: hang-up}\n"},
            "menus.yaml:62: nodes/12345-lost: nothing leads here: no caller will ever reach it",
        ),
        (
            {"prompts": good_texts()["prompts.yaml"].replace("welcome: 您好", "welcome: " + "您好" * 20)},
            "menus.yaml:10: nodes/12345/prompt: about 12 s pass before the first choice is heard: say it within 8",
        ),
        (
            {"prompts": good_texts()["prompts.yaml"].replace("说明请按4", "说明请按键")},
            "menus.yaml:11: nodes/12345/choices: no prompt here names the key 4: nobody will press it",
        ),
        ({"prompts": good_texts()["prompts.yaml"] + "spare: 备用。\n"}, "prompts.yaml:21: spare: is said nowhere"),
        (
            {"queues": good_texts()["queues.yaml"] + "spare: {name: s, strategy: ringall, wait_seconds: 9, overflow: 12345-3}\n"},
            "queues.yaml:13: spare: no node leads callers into this queue",
        ),
    ],
)
def test_what_should_not_stay_so_is_a_warning_with_its_reason(changed: dict[str, str], warning: str) -> None:
    found = examine(good_texts(**changed))
    assert (found.faults, [str(one) for one in found.warnings]) == ((), [warning])


def test_deep_menus_and_a_far_person_are_warned_of() -> None:
    menu = "{{name: deep, kind: menu, prompt: matters, choices: {{{}}}}}"
    text = WARNED.replace('"3": 12345-1-3\n', '"3": 12345-1-3\n      "4": 12345-1-4\n')
    text += "  12345-1-4: " + menu.format('"1": 12345-1-4-1, "0": 12345-1-4-1') + "\n"
    text += "  12345-1-4-1: " + menu.format('"1": 12345-1-4-1-1, "0": 12345-1-4-1-1') + "\n"
    text += "  12345-1-4-1-1: " + menu.format('"1": 12345-2') + "\n"
    prompts = good_texts()["prompts.yaml"].replace("结束请按3", "结束请按3、4")
    assert [str(one) for one in examine(good_texts(menus=text, prompts=prompts)).warnings] == [
        "menus.yaml:63: nodes/12345-1-4/choices/0: a person is 3 keys away: within 2 is what callers bear",
        "menus.yaml:65: nodes/12345-1-4-1-1: 4 keys deep: beyond 3 callers lose their way",
    ]


def test_a_missing_translation_is_warned_of_and_a_walk_is_told_in_its_language() -> None:
    english = "    language: en\n    prompt: [about, hours]\n"
    texts = good_texts(menus=WARNED.replace("    prompt: [about, hours]\n", english)) | {"prompts.en.yaml": "about: About us.\nmain-menu: Press 1.\n"}
    (warning,) = examine(texts).warnings
    assert str(warning) == "prompts.en.yaml:1: file: 18 prompts are missing and are said in zh: welcome, matters, hours, closed, person"
    walk = Walk(load(texts), MONDAY)
    walk.dials("12345")
    walk.presses("4")
    assert [line.partition("# ")[2] for line in told(walk, "x").splitlines() if "hears" in line] == [
        "您好，这里是12345。", "诉求请按1，传真请按2，留言请按3，说明请按4。", "About us.", "税务窗口工作日开放。", "Press 1.",
    ]  # fmt: skip


def test_an_emergency_in_a_story() -> None:
    assert broken('an emergency:\n  - dials: "110"\n  - reaches: emergency\n') == []


def test_the_commented_examples_of_the_shipped_city_may_be_uncommented() -> None:
    texts = menus.texts(DIALPLANS / "12345")
    for file in ("menus.yaml", "queues.yaml", "stories/main.yaml"):
        head, mark, examples = texts[file].rpartition("# 方言或少数民族语言坐席")
        assert mark
        texts[file] = head + re.sub(r"^#(?! |$)|^#(?=  )", "", mark + examples, flags=re.M)
    texts["menus.yaml"] = texts["menus.yaml"].replace('"8": 12345-8\n', '"8": 12345-8\n      "9": 12345-9\n      "7": 12345-7\n')
    assert check(texts) == ()
    assert load(texts).queues["cantonese"].label == "粤语"


SPOKEN = """\
in words:
  - dials: "12345"
  - presses: "1"
  - hears: matters
  - hears: speak-hint
  - says: 我想投诉一下
  - reaches: complaints
a doubt:
  - dials: "12345"
  - presses: "1"
  - says: 投苏
  - hears: confirm-complaint
  - says: 不是
  - hears: speak-again
  - says: "家里着火了!"
  - hears: speak-119
  - says: 是的
  - reaches: emergency
"""


def spoken(story: str) -> list[str]:
    return [str(fault) for fault in check({**speaking.texts(), "stories/main.yaml": story}, meaning)]


def test_a_story_may_speak_to_a_menu_that_listens() -> None:
    assert spoken(SPOKEN) == []


@pytest.mark.parametrize(
    ("line", "instead", "fault"),
    [
        ("says: 我想投诉一下", "says: 我想随便说说", "7: in words/6: the story breaks here: the caller has reached no end; the menu waits for a key"),
        ("says: 我想投诉一下", "says: thanks", '6: in words/5: the story breaks here: "thanks" is nothing that a person says to this menu'),
        ("says: 我想投诉一下", "says: 12345", '6: in words/5: the story breaks here: must stand in quotes: "12345"'),
        ("says: 我想投诉一下", f"says: {'长' * 61}", "6: in words/5: the story breaks here: what is said is 1 to 60 characters, in one line"),
        ('presses: "1"\n  - hears: matters\n', "says: 投诉\n  - hears: matters\n", "3: in words/2: the story breaks here: nobody listens here: this menu takes keys only (speak in menus.yaml)"),
    ],
)  # fmt: skip
def test_words_that_lead_elsewhere_break_the_story(line: str, instead: str, fault: str) -> None:
    assert SPOKEN.count(line) == 1
    assert spoken(SPOKEN.replace(line, instead)) == [f"stories/main.yaml:{fault}"]


def test_without_a_listener_it_is_a_menu_of_keys() -> None:
    story = SPOKEN.partition("a doubt")[0]
    (fault,) = check({**speaking.texts(), "stories/main.yaml": story})
    assert str(fault).endswith('"speak-hint" is not said here; said: nothing more')


def test_a_walk_in_words_is_told_with_what_they_meant_and_comes_true() -> None:
    walk = Walk(speaking.city(), MONDAY, understand=meaning)
    walk.dials("12345")
    walk.presses("1")
    for words in ("投苏", "是的"):
        walk.says(words)
    story = told(walk, "in words")
    assert [line.strip() for line in story.splitlines() if "says" in line] == ["- says: 投苏                  # perhaps key 1", "- says: 是的                  # yes"]
    assert spoken(story) == []
    hurried = Walk(speaking.city(), MONDAY, understand=meaning)
    hurried.dials("12345")
    hurried.presses("1")
    hurried.says('投诉: "快" #')
    assert spoken(told(hurried, "odd signs")) == []
