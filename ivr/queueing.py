"""How callers wait: skills, keys, overflow, call-backs. Only data and small rules of it, already checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

BEST_LEVEL = 9  # of a skill; 1 is the least, 0 is not to have it
KEY_ACTIONS = ("message", "callback", "menu")
SAYINGS = ("nothing", "wait", "position", "both")  # what waiting callers are told besides the music

_RELAX = re.compile(r"(0|[1-9][0-9]{0,3}) ([0-9])")
_OVERFLOW = re.compile(
    r"(?:after ([1-9][0-9]{0,3})|above (0|[1-9][0-9]{0,3})|(nobody)|outside ([a-z0-9]+(?:-[a-z0-9]+)*))"
    r" to (queue|number|site|voicemail) ([0-9a-z+-]{1,40})"
)
_PATTERN = re.compile(r"(?:[0-9XZN]|\[(?:[0-9](?:-[0-9])?)+\]){7,15}")
_ELEMENT = re.compile(r"\[[^\]]*\]|.")
_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}


@dataclass(frozen=True)
class Relax:
    """From `seconds` of waiting on, an agent needs the wanted skills at `level` only; at level 0 anyone will do."""

    seconds: int
    level: int

    @classmethod
    def parse(cls, text: str) -> Relax | None:
        """`20 4`: after 20 s level 4 will do. None where it is not that."""
        found = _RELAX.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.seconds} {self.level}"


RELAX = (Relax(0, 1), Relax(60, 0))
"""Where a queue says nothing of its own: whoever has the skill, after a minute anyone."""


@dataclass(frozen=True)
class Overflow:
    """Where callers go instead of waiting: `when` is after | above | nobody | outside, `to` queue | number | site | voicemail."""

    when: str
    amount: int  # seconds of `after`, callers of `above`
    hours: str  # of `outside`
    to: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Overflow | None:
        """`after 40 to queue general`, `above 20 to number 05468888888`, `nobody to voicemail 12345-2`, `outside office to site 05461234`."""
        found = _OVERFLOW.fullmatch(text)
        if found is None:
            return None
        after, above, nobody, outside, to, target = found.groups()
        when = "after" if after else "above" if above else nobody or "outside"
        return cls(when, int(after or above or 0), outside or "", to, target)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.when, str(self.amount or ""), self.hours, "to", self.to, self.target)))


@dataclass(frozen=True, kw_only=True)
class CallBacks:
    """What may be called back, when and how often."""

    numbers: tuple[str, ...] = ("1[3-9]XXXXXXXXX", "0ZXXXXXXXX", "0ZXXXXXXXXX", "0ZXXXXXXXXXX", "[2-8]XXXXXX", "[2-8]XXXXXXX")
    """Asterisk's patterns without their _: X is 0-9, Z 1-9, N 2-9. Nothing else is ever dialled."""
    a_day: int = 3  # for one number
    tries: int = 3
    pause_minutes: int = 15  # between two tries
    ring_seconds: int = 30
    first: str = "08:00"
    last: str = "21:00"  # nobody is called back before and after, by the city's clock

    def allows(self, number: str) -> bool:
        """Whether these digits may be dialled."""
        return any(re.fullmatch(as_regex(pattern), number) for pattern in self.numbers)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """waiting.yaml: what holds for every queue of a city."""

    skills: Mapping[str, str] = field(default_factory=dict)  # name -> what it is called
    callbacks: CallBacks = field(default_factory=CallBacks)
    again_hours: int = 0  # a number that calls again within so many hours …
    again_priority: int = 0  # … waits with this priority


def is_pattern(text: str) -> bool:
    """Whether it is a pattern with a fixed number of digits: no wildcard that takes whatever follows."""
    try:
        return _PATTERN.fullmatch(text) is not None and re.compile(as_regex(text)) is not None
    except re.error:  # [9-1]
        return False


def begins_abroad(pattern: str) -> bool:
    """Whether a number that it takes could begin with 00."""
    return all(re.fullmatch(as_regex(element), "0") for element in _ELEMENT.findall(pattern)[:2])


def as_regex(pattern: str) -> str:
    return "".join(_CLASSES.get(sign, sign) for sign in pattern)
