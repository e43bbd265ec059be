"""The deletion job of one hotline: the published rules, over tickets and the floor's calls; for the worker's night and for the command."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import structlog

from hotline import city
from hotline.menus import PublishError
from hotline.settings import Settings
from ivr.faults import CityRefused
from ivr.retention import Retention
from queues import person_records, person_traces
from tickets.retention import Keeper
from tickets.store import Store
from tickets.vault import Vault

log = structlog.get_logger("hotline.retention")
NO_RULES = "the city's retention.yaml is missing or not published: nothing is deleted by time; dialplans/12345/retention.yaml has proposals"


def rules(settings: Settings) -> Retention | None:
    """Raises PublishError or CityRefused."""
    return city.now(settings).retention


def keeper(settings: Settings, store: Store) -> Keeper | None:
    """None where the city does not say how long anything is kept. Raises PublishError or CityRefused."""
    said = rules(settings)
    if said is None:
        return None
    return Keeper(store.database, Vault(settings.home, store.database), said, {"calls": partial(_forget_callers, settings, store)})


def _forget_callers(settings: Settings, store: Store, before: datetime, dry: bool) -> int:
    """Out of the records of calls, and with the logs those were made of."""
    count = person_records.forget_callers(store.database, before, dry)
    if not dry:
        person_traces.forget_old(settings.home, before)
    return count


def nightly(settings: Settings, store: Store) -> dict[str, Any] | None:
    """What the worker does every night. What fails is said, and done the next night."""
    try:
        found = keeper(settings, store)
        if found is None:
            log.warning(NO_RULES)
            return None
        return found.run("hotline retention")
    except (PublishError, CityRefused, OSError) as error:
        log.error("nothing was deleted by time", reason=str(error).splitlines()[0])
        return None
