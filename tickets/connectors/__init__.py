"""The one interface to a city's case system: what a connector is given, what it may answer, how it says no.

A connector is one file: a module here named in settings.yaml (`case_system.connector: webhook`), or any importable module
(`our_city.cases`). It has one function, `connect(wishes) -> Connector`, which raises ValueError with what must be corrected
where the settings do not suit it. Which error `deliver` raises decides what follows, nothing else:

    Delivered     taken; a `reference` of theirs is kept, and comes with every later event of the same ticket
    Refused       permanent: a dead letter, which a person must look at
    Unreachable   tried again after growing pauses, for days; meanwhile later events of the same ticket wait

`deliver` may be called with the same event more than once (a worker was killed before it could note the answer), and by several
threads at once. It waits no longer than `Wishes.timeout_seconds`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol


class DeliveryError(Exception):
    """The case system did not take it. `status` is its answer, when there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Refused(DeliveryError):
    """Permanent: show it to a person."""


class Unreachable(DeliveryError):
    """Try again later."""


@dataclass(frozen=True)
class Event:
    """Something that must reach the case system."""

    key: str
    """The same at every attempt; the other side stores each once."""
    name: str
    """`ticket`: one that is complete; `ticket.created`, `call.newCall`, …: docs/integrator.md."""
    body: str
    """JSON, the same bytes at every attempt."""
    day: date
    """When it was made, in the city; by it both sides compare what they have."""
    about: str = ""
    """The ticket's number, or the call's linkedid. Events about the same come one after the other, in order."""
    reference: str = ""
    """What the case system called it when it took an earlier event about the same."""

    @cached_property
    def content(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass(frozen=True)
class Delivered:
    """It is safely there."""

    status: int = 200
    reference: str = ""


@dataclass(frozen=True)
class Held:
    """What a side has about one ticket or call of one day: how many deliveries, and the hash of tickets/reconciliation.py."""

    deliveries: int
    hash: str


@dataclass(frozen=True)
class Wishes:
    """What the settings say. `options` are the connector's own: it checks them and refuses what it does not know."""

    url: str
    secret: bytes
    timeout_seconds: float = 10.0
    reconciliation_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Connector(Protocol):
    """The way to one case system."""

    def deliver(self, event: Event) -> Delivered:
        """Sends it once. Raises Refused or Unreachable. Not for an event loop."""
        ...

    def held(self, day: date) -> Mapping[str, Held] | None:
        """What they say they took that was made on this day, by `about`; None where they cannot be asked. Raises as `deliver`."""
        ...


def names() -> list[str]:
    """The connectors that come with the hotline."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def connect(name: str, wishes: Wishes) -> Connector:
    """The connector of this name. Raises ValueError: there is none, or the settings do not suit it."""
    where = name if "." in name else f"{__name__}.{name}"
    try:
        module = importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not where.startswith(error.name):
            raise
        raise ValueError(f"no connector {name!r}; there are {', '.join(names())}, or a module of your own, such as our_city.cases") from None
    made: Connector = module.connect(wishes)
    return made
