"""Words that cannot wait for office hours: fire, gas, people in danger. Found in a text, they are flagged, rightly or not.

Recognisers misspell them as they misspell places (着火 is heard as 找火, 煤气泄漏 as 没去泄漏), so they are also found by
their sound where what stands there makes no sense: an alarm too many costs a look, one too few may cost a life.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from speech.text.sounds import Syllable, is_word, syllables

KINDS = {
    "fire": "着火|起火|失火|火灾|大火|冒浓烟|爆炸",
    "gas": "(?:燃气|煤气|天然气|液化气|气罐)[^，。]{0,6}?(?:泄漏|泄露|漏气|漏了)|(?:泄漏|泄露|漏)(?:燃气|煤气|天然气)|煤气中毒|一氧化碳",
    "life": "自杀|轻生|跳楼|跳河|跳桥|割腕|不想活|想死|活不下去|喝农药|救命",
    "injury": "触电|溺水|落水|掉进(?:水|河|井)|昏迷|晕倒|昏倒|没有?呼吸|大出血|被埋|被困|困在",
    "violence": "杀人|砍人|持刀|拿刀|绑架|抢劫|家暴|打死|强奸",
    "collapse": "坍塌|倒塌|塌方|决堤|溃坝|(?:电线|高压线)[^，。]{0,4}(?:断|掉)",
}
SOUNDS = {
    "fire": "着火 起火 失火 火灾 冒烟 爆炸",
    "gas": "煤气泄漏 燃气泄漏 天然气泄漏 煤气漏了 煤气漏气 燃气漏气 煤气中毒",
    "life": "自杀 轻生 跳楼 跳河 割腕 不想活 活不下去 喝农药 救命",
    "injury": "触电 溺水 落水 昏迷 晕倒 昏倒 大出血 被埋 被困",
    "violence": "杀人 砍人 持刀 拿刀 绑架 抢劫 家暴 强奸",
    "collapse": "坍塌 倒塌 塌方 决堤 溃坝",
}
"""Words that are heard by their sound: of two and three syllables exactly, of four and more as lines and dialects blur it."""

BLURRED = 4
_WORDS = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in KINDS.items()))
# 没有着火 is good news; a doubtful one is flagged all the same
_DENIED = re.compile(r"(?:没有?|未|并未|不是|防止|预防|避免)$")


@dataclass(frozen=True)
class Alarm:
    """`words` as they stand in the text, from `start` on; `means` what they sound like, where they are something else."""

    kind: str
    words: str
    start: int
    means: str = ""


def alarms(text: str) -> list[Alarm]:
    """In the order in which they were said."""
    written = [Alarm(str(match.lastgroup), match[0], match.start()) for match in _WORDS.finditer(text)]
    taken = {place for alarm in written for place in range(alarm.start, alarm.start + len(alarm.words))}
    heard = [alarm for alarm in _by_sound(text) if not taken & set(range(alarm.start, alarm.start + len(alarm.words)))]
    found = sorted((*written, *heard), key=lambda alarm: alarm.start)
    return [alarm for alarm in found if not _DENIED.search(text[: alarm.start])]


def _by_sound(text: str) -> list[Alarm]:
    said = syllables(text)
    if len(said) != len(text):  # a character of two parts: places would not fit
        return []
    exact, blurred = _exact(said), _blurred(said)
    found = []
    for kind, word, sound in _sounds():
        where = blurred if len(sound) >= BLURRED else exact
        for start in range(len(where) - len(sound) + 1):
            if where[start : start + len(sound)] == sound and not is_word(text[start : start + len(sound)]):
                found.append(Alarm(kind, text[start : start + len(sound)], start, means=word))
    return found


@cache
def _sounds() -> list[tuple[str, str, list[str]]]:
    return [
        (kind, word, _blurred(syllables(word)) if len(word) >= BLURRED else _exact(syllables(word)))
        for kind, words in SOUNDS.items()
        for word in words.split()
    ]


def _exact(said: list[Syllable | None]) -> list[str]:
    return ["" if one is None else one.plain for one in said]


def _blurred(said: list[Syllable | None]) -> list[str]:
    return ["" if one is None else one.alike for one in said]
