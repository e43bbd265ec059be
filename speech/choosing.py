"""What a caller who speaks at a menu means: a choice, an emergency, yes or no; and whether that is certain enough to act on.

Recognisers misspell short phrases as they misspell places, so phrases are also found by their sound; what only sounds like
one is asked about first. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ivr.events import Spoke
from ivr.speaking import DANGERS, EVERYWHERE, NO, YES, Wish
from speech.text.alarms import alarms
from speech.text.sounds import HANZI, Syllable, syllables

ECHO = ("请按", "按星号", "按井号")  # only the menu itself says that; a loudspeaker beside the telephone gives it back
DENIALS = ("不", "没", "别")
UNCERTAIN = {"average log probability": -0.6, "word confidence": 0.6, "token log probability": -0.9}
"""By kind of score: below it even a phrase that was recognised letter by letter is asked about."""
SHORT_YES = frozenset(word for word in YES if len(word) == 1)  # 对，是 and 对对对 are yes, too
LEAST_BLURRED = 3  # syllables: of two, blurred, too much sounds alike


@dataclass(frozen=True)
class _Found:
    key: str
    phrase: str
    sure: bool


def certain(score: float, score_kind: str) -> bool:
    """Whether the engine itself trusts what it heard."""
    return score >= UNCERTAIN.get(score_kind, float("-inf"))


def meaning(text: str, wishes: Sequence[Wish] | None, trusted: bool = True) -> Spoke | None:
    """Of simplified text; `wishes` None: yes or no was asked. None: nothing that a person would answer to."""
    said = "".join(HANZI.findall(text))
    if not said or any(echo in text for echo in ECHO):
        return None
    danger = next((DANGERS[alarm.kind] for alarm in alarms(said) if alarm.kind in DANGERS), "")
    if danger:
        return Spoke("danger", danger)
    if wishes is None and (answer := _answer(said)) is not None:
        return answer
    found = _choices(said, wishes or ())
    if not found:
        return Spoke("unclear")
    best = max(found, key=lambda one: (one.sure, len(one.phrase)))
    alone = len({one.key for one in found if one.sure == best.sure}) == 1
    return Spoke("choice", best.key, sure=best.sure and alone and trusted)


def _answer(said: str) -> Spoke | None:
    bare = said.rstrip("的啊呀吧了哦") or said
    sound = _plain(said)
    if any(word in said for word in NO if len(word) > 1) or bare in NO:
        return Spoke("no")
    if set(said) <= SHORT_YES or bare in YES or any(word in said for word in YES if len(word) > 1) or sound in {_plain(word) for word in YES}:
        return Spoke("yes")
    return Spoke("no") if sound in {_plain(word) for word in NO} else None


def _choices(said: str, wishes: Sequence[Wish]) -> list[_Found]:
    """Every choice that was named, each by the longest of its phrases; by sound only where none was named."""
    phrases = [(key, phrase) for key, words in EVERYWHERE.items() for phrase in words]
    phrases += [(wish.key, phrase) for wish in wishes for phrase in wish.phrases]
    phrases.sort(key=lambda one: -len(one[1]))
    found: dict[str, _Found] = {}
    rest = said
    for key, phrase in phrases:
        at = rest.find(phrase)
        if at >= 0:
            if not rest[:at].endswith(DENIALS):
                found.setdefault(key, _Found(key, phrase, sure=True))
            rest = rest.replace(phrase, "，" * len(phrase))  # 我要投诉 is not 投诉 once more
    if found:
        return list(found.values())
    heard = syllables(rest)
    for key, phrase in phrases:
        sure = [_same(window, syllables(phrase)) for window in _windows(heard, len(phrase))]
        if any(one is not None for one in sure):
            found.setdefault(key, _Found(key, phrase, sure=any(sure)))
    return list(found.values())


def _windows(heard: Sequence[Syllable | None], length: int) -> Iterator[Sequence[Syllable | None]]:
    for start in range(len(heard) - length + 1):
        yield heard[start : start + length]


def _same(heard: Sequence[Syllable | None], wanted: Sequence[Syllable | None]) -> bool | None:
    """Whether it is that for certain, perhaps (False), or not at all (None)."""
    pairs = [(one, other) for one, other in zip(heard, wanted, strict=True) if one is not None and other is not None]
    if len(pairs) < len(wanted):
        return None
    if all(one.plain == other.plain for one, other in pairs):
        return len(pairs) >= LEAST_BLURRED or all(one.tone == other.tone for one, other in pairs)
    alike = all(one.alike == other.alike for one, other in pairs)
    return False if alike or (len(pairs) >= LEAST_BLURRED and sum(one.alike != other.alike for one, other in pairs) == 1) else None


def _plain(text: str) -> tuple[str, ...]:
    return tuple(one.plain for one in syllables(text) if one is not None)
