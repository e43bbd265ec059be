"""Saying what one needs at a menu (说出需求): which words mean which choice. Data of menus.yaml; recognising is not this room's.

    speak:
      "1":
        phrases: [投诉, 我要投诉]
        confirm: confirm-complaint      # the prompt that asks 您是要投诉吗？

A menu with `speak` is a menu of keys all the same: words are heard beside the keys, and only while somebody can listen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ivr.fields import SHAPES, Fields

MOST_PHRASES = 30
PHRASE = re.compile(r"[㐀-䶿一-鿿]{2,12}")
PERSON, REPEAT, BACK = "0", "*", "#"
EVERYWHERE = {
    PERSON: ("人工", "转人工", "人工服务", "人工客服", "找人工", "接线员", "话务员"),
    REPEAT: ("再说一遍", "重听", "再听一遍", "没听清"),
    BACK: ("返回", "返回上一级", "上一级"),
}
"""What these keys are called; no menu need write it down."""
YES = ("是", "是的", "对", "对的", "没错", "要", "好", "好的", "嗯", "可以", "需要")
NO = ("不是", "不对", "不", "不要", "不用", "没有", "错了", "不需要")
DANGERS = {"fire": "119", "gas": "119", "collapse": "119", "life": "110", "violence": "110", "injury": "120"}
"""A kind of emergency words (speech.text.alarms) and who is called for it."""

HINT, AGAIN, YES_NO = "speak-hint", "speak-again", "speak-yes-no"


def of_danger(number: str) -> str:
    """The prompt that asks whether the caller needs 110, 119 or 120."""
    return f"speak-{number}"


PROMPTS = (HINT, AGAIN, YES_NO, *sorted({of_danger(number) for number in DANGERS.values()}))
"""Said by every menu that listens."""


@dataclass(frozen=True)
class Wish:
    """What callers say for one choice."""

    key: str
    phrases: tuple[str, ...]
    confirm: str


def read_wishes(fields: Fields) -> tuple[Wish, ...]:
    """A menu's `speak`, already taken; each choice once."""
    names = fields.names()
    wishes = tuple(_wish(key, Fields(fields.file, fields.at(key), fields.take(key), fields.faults), fields) for key in names)
    said: dict[str, str] = {phrase: key for key, phrases in EVERYWHERE.items() for phrase in phrases}
    for wish in wishes:
        for phrase in wish.phrases:
            if said.setdefault(phrase, wish.key) != wish.key:
                fields.fault(f"{wish.key}/phrases", f'"{phrase}" means key {said[phrase]} already; nobody could tell what was meant')
    return wishes


def _wish(key: str, fields: Fields, above: Fields) -> Wish:
    if not SHAPES["key"][0].fullmatch(key):
        above.fault(key, f'"{key}" is not {SHAPES["key"][1]}')
    phrases = fields.texts("phrases", "label", most=MOST_PHRASES)
    for phrase in phrases:
        if phrase and not PHRASE.fullmatch(phrase):
            fields.fault("phrases", f'"{phrase}" must be two to twelve Chinese characters, as people say it')
    if not phrases:
        fields.fault("phrases", "is missing: what callers say for this choice")
    wish = Wish(key, phrases, fields.text("confirm", "name"))
    fields.done(("phrases", "confirm"))
    return wish


def wishes_of(fields: Fields) -> tuple[Wish, ...]:
    """Of a menu's fields; none where it does not listen."""
    if "speak" not in fields.names():
        return ()
    value: Any = fields.take("speak")
    if not isinstance(value, dict) or not value:
        fields.fault("speak", "must be keys with a colon, each with phrases and confirm")
        return ()
    return read_wishes(Fields(fields.file, fields.at("speak"), value, fields.faults))
