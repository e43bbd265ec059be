"""The city as callers get it now: the published version, or the folder that will be published first."""

from __future__ import annotations

from hotline import menus
from hotline.settings import Settings
from ivr.loading import load
from ivr.model import City


def now(settings: Settings) -> City:
    """Raises PublishError or CityRefused."""
    store = menus.Store.of(settings)
    current = store.current()
    return load(menus.texts(settings.city)) if current is None else store.load(current)
