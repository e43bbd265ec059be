"""The floor's people wired up: who is logged in is kept, asked for at the desk and at phones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from hotline import city, menus, phones
from hotline.settings import Settings
from ivr.faults import CityRefused
from ivr.model import City
from queues.logins import PhoneFacts

log = structlog.get_logger(__name__)


class Cities:
    """The city as callers get it now; where it cannot be read at this moment, as it was the last time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last = city.now(settings)

    def __call__(self) -> City:
        try:
            self._last = city.now(self._settings)
        except (menus.PublishError, CityRefused, OSError) as error:
            log.warning("the city of before is used", reason=str(error))
        return self._last


def phones_of(settings: Settings, cities: Callable[[], City]) -> Mapping[str, PhoneFacts]:
    """Every phone that was added, and what it is a fixed member of."""
    queues = cities().queues
    return {
        phone.name: PhoneFacts(
            phone.name,
            tuple(sorted({*phone.queues} & queues.keys() | {name for name, queue in queues.items() if phone.name in queue.members})),
        )
        for phone in phones.phones(settings)
    }
