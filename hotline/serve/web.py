"""The web process: the API over what the others write down. Callers do not notice when it is away."""

from __future__ import annotations

from functools import partial

import structlog

from hotline import secrets
from hotline.asterisk import ours
from hotline.cases import CityRules
from hotline.health import Health
from hotline.messages import doors
from hotline.open311 import provider
from hotline.register import open_register
from hotline.secrets import pin_key
from hotline.serve import counted
from hotline.settings import Settings
from queues import snapshot
from web.app import create_app
from web.server import serve

log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    store = open_register(settings.database_url)
    health = Health(settings, ours.asterisk(settings))
    app = create_app(
        store,
        home=settings.home,
        reasons=health.reasons,
        concerns=health.warnings,
        floor=partial(snapshot.read, snapshot.where(settings.home)),
        rules=CityRules(settings),
        pin_key=pin_key(settings),
        agi=partial(counted.read, counted.where(settings.home)),
        open311=provider(settings),
        doors=doors(settings),
        callback_key=partial(callback_key, settings),
        minimum_free_mb=settings.file.spool.minimum_free_mb,
    )
    try:
        serve(app, settings.http_port)
    finally:
        store.close()


def callback_key(settings: Settings) -> bytes | None:
    """Read at each callback: a key that was put there a moment ago counts."""
    try:
        return secrets.callback_key(settings).encode()
    except (OSError, ValueError) as error:
        log.error("no key for the case system's callbacks: they are refused", reason=str(error))
        return None
