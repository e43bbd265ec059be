"""When a supervisor is told: the limits of alarms.yaml. A city without the file has the ones that stand here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ivr.faults import Faults
from ivr.fields import Fields

ALARMS = "alarms.yaml"
BOUNDS = {
    "nobody_seconds": (1, 3600),
    "waiting_seconds": (5, 3600),
    "connection_percent": (1, 100),
    "service_percent": (1, 100),
    "service_seconds": (5, 600),
    "service_minutes": (5, 1440),
    "least_calls": (1, 100_000),
    "margin_percent": (0, 20),
    "message_minutes": (1, 100_000),
    "pause_minutes": (1, 1440),
    "clear_seconds": (0, 3600),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Beyond these an alarm is raised; `clear_seconds` and `margin_percent` keep it from coming and going."""

    nobody_seconds: int = 10  # a queue with nobody logged in
    waiting_seconds: int = 15  # a caller in a queue; GB/T 33358-2016: answered within 15 s
    connection_percent: int = 95  # 接通率 over any 24 hours; GB/T 33358-2016
    service_percent: int = 80  # so many answered
    service_seconds: int = 20  # within so long
    service_minutes: int = 30  # of the last so many minutes
    least_calls: int = 20  # fewer say nothing of a rate
    margin_percent: int = 1  # a rate must be better than its limit by this before its alarm ends
    message_minutes: int = 1440  # a message or fax that nobody has handled; GB/T 33358-2016: a mailbox within 24 hours
    pause_minutes: int = 60  # a pause whose reason has no limit of its own
    clear_seconds: int = 10  # all must be well for so long before an alarm ends


def read_limits(tree: dict[str, Any], faults: Faults) -> Limits:
    """From alarms.yaml; what is left out is as above."""
    given = Fields(ALARMS, "", tree, faults)
    usual = Limits()
    limits = Limits(**{field.name: given.count(field.name, getattr(usual, field.name), *BOUNDS[field.name]) for field in fields(Limits)})
    given.done(BOUNDS)
    return limits
