"""The one way in: texts to a City that may be published, or the faults that forbid it."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.checks import check_city
from ivr.faults import CityRefused, Fault, Faults
from ivr.model import City
from ivr.reading import read_city


def load(texts: Mapping[str, str]) -> City:
    """`load({"menus.yaml": text, …})`. Raises CityRefused with every fault found."""
    faults = Faults()
    city = read_city(texts, faults)
    faults.refuse()
    check_city(city, faults)
    faults.refuse()
    return city


def check(texts: Mapping[str, str]) -> tuple[Fault, ...]:
    """The faults alone; () when the city may be published."""
    try:
        load(texts)
    except CityRefused as refused:
        return refused.faults
    return ()
