"""What the city says of itself to Open311's clients: its categories as services, and how to reach somebody."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from hotline.settings import Settings
from speech.text import categories
from tickets.open311 import Service
from web.open311_routes import Provider

log = structlog.get_logger("hotline.open311")


def provider(settings: Settings) -> Provider:
    """As settings.yaml and categories.yaml have it."""
    said, services = settings.file.open311, Services(settings)
    return Provider(services, said.jurisdiction_id, said.url, said.contact, said.key_service, said.batch, services.changed)


@dataclass
class Services:
    """categories.yaml of the city's folder, read anew when it has changed. One that cannot be read leaves what there was."""

    settings: Settings
    _read: tuple[Service, ...] = ()
    _changed_ns: int = -1
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Sequence[Service]:
        with self._one:
            changed = self._modified_ns()
            if changed != self._changed_ns:
                self._changed_ns = changed
                self._read = self._services()
            return self._read

    def changed(self) -> str:
        return datetime.fromtimestamp(self._modified_ns() / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def _modified_ns(self) -> int:
        try:
            return (self.settings.city / categories.FILE).stat().st_mtime_ns
        except OSError:
            return 0

    def _services(self) -> tuple[Service, ...]:
        try:
            found = categories.of_city(self.settings.city)
        except categories.CategoriesError as error:
            log.error("the city's categories cannot be read: Open311's services stay as they were", reason=str(error)[:300])
            return self._read
        names = {category.code: category.name for category in found}
        return tuple(Service(one.code, one.name, names.get(one.within, ""), one.words) for one in found)
