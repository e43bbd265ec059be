"""Words that cannot wait for office hours: fire, gas, people in danger. Found in a text, they are flagged, rightly or not."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = {
    "fire": "着火|起火|失火|火灾|大火|冒浓烟|爆炸",
    "gas": "(?:燃气|煤气|天然气|液化气|气罐)[^，。]{0,6}?(?:泄漏|泄露|漏气|漏了)|(?:泄漏|泄露|漏)(?:燃气|煤气|天然气)|煤气中毒|一氧化碳",
    "life": "自杀|轻生|跳楼|跳河|跳桥|割腕|不想活|想死|活不下去|喝农药|救命",
    "injury": "触电|溺水|落水|掉进(?:水|河|井)|昏迷|晕倒|昏倒|没有?呼吸|大出血|被埋|被困|困在",
    "violence": "杀人|砍人|持刀|拿刀|绑架|抢劫|家暴|打死|强奸",
    "collapse": "坍塌|倒塌|塌方|决堤|溃坝|(?:电线|高压线)[^，。]{0,4}(?:断|掉)",
}
_WORDS = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in KINDS.items()))
# 没有着火 is good news; a doubtful one is flagged all the same
_DENIED = re.compile(r"(?:没有?|未|并未|不是|防止|预防|避免)$")


@dataclass(frozen=True)
class Alarm:
    kind: str
    words: str
    start: int


def alarms(text: str) -> list[Alarm]:
    """In the order in which they were said."""
    found = []
    for match in _WORDS.finditer(text):
        if not _DENIED.search(text[: match.start()]):
            found.append(Alarm(str(match.lastgroup), match[0], match.start()))
    return found
