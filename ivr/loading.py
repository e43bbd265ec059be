"""The one way in: texts to a City that may be published, or the faults that forbid it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.advice import advise
from ivr.checks import check_city
from ivr.faults import CityRefused, Fault, Faults
from ivr.model import City
from ivr.reading import read_city
from ivr.stories import check_stories
from ivr.walk import Understand


@dataclass(frozen=True)
class Findings:
    """What a check found: faults forbid publishing, warnings do not."""

    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def load(texts: Mapping[str, str]) -> City:
    """`load({"menus.yaml": text, …})`. Raises CityRefused with every fault found."""
    return _load(texts, Faults())


def examine(texts: Mapping[str, str], understand: Understand | None = None) -> Findings:
    """Everything there is to say about a city before it goes live; its stories (`stories/*.yaml`) are told too, those that
    speak to a menu by `understand`."""
    faults = Faults()
    try:
        city = _load(texts, faults)
        check_stories(city, texts, faults, understand)
        faults.refuse()
    except CityRefused as refused:
        return Findings(faults=refused.faults)
    advise(city, faults)
    return Findings(warnings=tuple(sorted(faults.found)))


def check(texts: Mapping[str, str], understand: Understand | None = None) -> tuple[Fault, ...]:
    """The faults alone; () when the city may be published."""
    return examine(texts, understand).faults


def _load(texts: Mapping[str, str], faults: Faults) -> City:
    city = read_city(texts, faults)
    faults.refuse()
    check_city(city, faults)
    faults.refuse()
    return city
