"""How alike two matters are: the share of pairs of characters they have in common, places and house numbers apart.

Dice's measure over sets of neighbouring characters, in percent: twice what both have, over what each has. 停水两天 and
停水三天 share 停水: 2·1 of 3+3, 33 %. Pure, and small enough to be worked out by hand when somebody asks why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.channels import Surge
from tickets.matter import Said

SHORTEST_SHARED = 3  # characters of a place's name that must be the same: 人民路


def alike(one: str, other: str) -> int:
    """0 to 100. A matter of one character is only like itself."""
    if one == other:
        return 100 if one else 0
    left, right = _pairs(one), _pairs(other)
    return 200 * len(left & right) // (len(left) + len(right)) if left and right else 0


def same_place(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether they name a place in common: 和平区人民路12号 is 人民路; 南京东路 is not 北京东路."""
    return any(_same(_street(left), _street(right)) for left in one for right in other)


def same_matter(one: Said, other: Said, least: int) -> bool:
    """The same thing at the same place. Where either names no place, the words alone decide."""
    if one.houses and other.houses and not one.houses & other.houses:
        return False
    if one.places and other.places and not same_place(one.places, other.places):
        return False
    return alike(one.matter, other.matter) >= least


@dataclass(frozen=True)
class Matter:
    """One ticket, as surges look at it; `caller` is whoever it came from, by any name that tells them apart."""

    ticket: str
    caller: str
    at: datetime
    said: Said


@dataclass(frozen=True)
class Crowd:
    """Many callers with one matter at one place."""

    place: str
    words: str
    callers: int
    tickets: tuple[str, ...]
    began_at: datetime
    last_at: datetime


def crowds(matters: Iterable[Matter], rule: Surge, now: datetime) -> list[Crowd]:
    """Surges of the last minutes. A matter joins the first group whose first matter is like it, at a place they share."""
    groups: list[list[Matter]] = []
    recent = (one for one in matters if now - one.at <= timedelta(minutes=rule.minutes) and one.said.places and one.said.matter)
    for one in sorted(recent, key=lambda matter: (matter.at, matter.ticket)):
        home = next((group for group in groups if _joins(one, group[0], rule.likeness)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return [_crowd(group) for group in groups if len({one.caller for one in group}) >= rule.callers]


def _joins(one: Matter, first: Matter, least: int) -> bool:
    return same_place(one.said.places, first.said.places) and alike(one.said.matter, first.said.matter) >= least


def _crowd(group: list[Matter]) -> Crowd:
    first = group[0]
    place = next((_street(name) for name in first.said.places if all(same_place((name,), one.said.places) for one in group)), _street(first.said.places[0]))
    tickets = tuple(one.ticket for one in group)
    return Crowd(place, first.said.matter, len({one.caller for one in group}), tickets, first.at, group[-1].at)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.endswith(short) and (len(short) >= SHORTEST_SHARED or one == other)


def _street(place: str) -> str:
    """Without the house: 人民路12号 is 人民路."""
    return place.rstrip("0123456789号弄栋幢座单元室米") or place
