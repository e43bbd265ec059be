"""retention.yaml: for how many days what is kept of citizens may stay, by what it is and by the type of their matter.

A city must say it: without the file nothing is ever deleted by time, and `hotline check` and the doctor say so. PIPL, art. 19: the
shortest time that the purpose needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ivr.deadlines import TYPES
from ivr.faults import Faults
from ivr.fields import Fields

RETENTION = "retention.yaml"
PARTS = ("recordings", "documents", "words", "identity", "hand_overs", "calls")
LONGEST_DAYS = 36_500


@dataclass(frozen=True)
class Days:
    """How long one thing is kept; some types of matter longer or shorter than the others."""

    days: int
    of: Mapping[str, int] = field(default_factory=dict)

    def by_type(self, kind: str) -> int:
        return self.of.get(kind, self.days)


@dataclass(frozen=True)
class Retention:
    """The city's rules, by part."""

    parts: Mapping[str, Days]

    def as_json(self) -> dict[str, Any]:
        return {name: asdict(days) for name, days in self.parts.items()}


def read_retention(tree: Mapping[str, Any], faults: Faults) -> Retention | None:
    """None where the city has no such file."""
    if not tree:
        return None
    fields = Fields(RETENTION, "", dict(tree), faults)
    parts = {name: _days(name, fields.take(name), fields, faults) for name in PARTS}
    fields.done(PARTS)
    return Retention(parts)


def _days(name: str, value: Any, fields: Fields, faults: Faults) -> Days:
    if not isinstance(value, dict):
        fields.fault(name, "must say how long: {days: 365}, and types of matter that differ, such as report: 1095")
        return Days(LONGEST_DAYS)
    one = Fields(RETENTION, name, value, faults)
    days = one.count("days", None, 1, LONGEST_DAYS)
    of = {kind: one.count(kind, days, 1, LONGEST_DAYS) for kind in TYPES if kind in value}
    one.done(("days", *TYPES))
    return Days(days, of)
