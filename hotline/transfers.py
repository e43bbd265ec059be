"""What a transfer can reach, as Asterisk's dialplan needs it: one extension each, and nothing else exists there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hotline import city as cities
from hotline import menus
from hotline.phones import Phone, phones
from hotline.settings import Settings
from ivr import services
from ivr.model import City
from queues.reach import AGENT, OUTSIDE, QUEUE, extension


@dataclass(frozen=True)
class Target:
    """One extension of [hotline-moved]; `number` is an outside number."""

    exten: str
    kind: str
    name: str
    number: str = ""


@dataclass(frozen=True)
class Alias:
    """What may be dialled at a phone instead."""

    exten: str
    target: str


def variables(settings: Settings) -> dict[str, object]:
    """For conversation.conf. Raises PublishError or CityRefused."""
    city, known = cities.now(settings), phones(settings)
    return {
        "reachable": reachable(city, known), "aliases": aliases(city, known), "shown": shown(city),
        "asking": [queue.name for queue in city.queues.values() if queue.satisfaction], "outbound": settings.file.sip.outbound or "",
    }  # fmt: skip


def current(settings: Settings, versions: menus.Store) -> City:
    """As `city.now`, from a store that remembers what it has read. Raises PublishError or CityRefused."""
    version = versions.current()
    return cities.now(settings) if version is None else versions.load(version)


def reachable(city: City, known: Iterable[Phone]) -> list[Target]:
    """Colleagues' phones, queues, the outside numbers of transfers.yaml, and departments that answer their own number."""
    return [
        *(Target(extension(AGENT, phone.name), AGENT, phone.name) for phone in known),
        *(Target(extension(QUEUE, name), QUEUE, name) for name in city.queues),
        *(Target(extension(OUTSIDE, key), OUTSIDE, key, one.number) for key, one in services.outside(city).items()),
    ]


def aliases(city: City, known: Iterable[Phone]) -> list[Alias]:
    """A phone's name, short numbers, and the listed outside numbers themselves; where two are alike, the first."""
    found: dict[str, Alias] = {}
    for exten, target in _dialled(city, known):
        found.setdefault(exten, Alias(exten, target))
    return list(found.values())


def _dialled(city: City, known: Iterable[Phone]) -> Iterator[tuple[str, str]]:
    for phone in known:
        yield phone.name, extension(AGENT, phone.name)
    for short, queue in city.transfers.queues.items():
        yield short, extension(QUEUE, queue)
    for key, one in services.outside(city).items():
        own = key if key in city.services else one.short
        yield from ((dialled, extension(OUTSIDE, key)) for dialled in (own, one.number) if dialled)


def shown(city: City) -> str:
    """The number that is shown outside: the hotline's, never an agent's."""
    return next((number for number, node in city.numbers.items() if node == city.root), city.root)
