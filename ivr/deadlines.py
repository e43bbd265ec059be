"""deadlines.yaml: how long a matter may take, by its type, urgency, category and the level of who handles it.

In each of the two tables the first row that fits counts; the last one must fit everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.faults import Faults
from ivr.fields import NAME, SHAPES, Fields

DEADLINES = "deadlines.yaml"
TYPES = ("consultation", "help", "complaint", "report", "suggestion", "praise")
URGENCIES = ("ordinary", "expedited", "urgent")
CONDITIONS = ("type", "urgency", "category", "level")


@dataclass(frozen=True)
class Limit:
    """One row. Dispatch counts minutes round the clock, handling working days; `warn` in the same unit before the end."""

    name: str
    amount: int
    warn: int
    extension: int = 0
    """Working days that one extension gives."""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Conditions, each with the values that fit; none: it fits everything."""

    def fits(self, **matter: str) -> bool:
        return all(matter.get(name) in values for name, values in self.only.items())


@dataclass(frozen=True)
class Deadlines:
    """Both tables, in their order, and how often a ticket may be extended."""

    dispatch: tuple[Limit, ...] = (Limit("law-enforcement", 5, 2, only={"type": ("report",)}), Limit("usual", 10, 3))
    handling: tuple[Limit, ...] = (Limit("usual", 5, 1, 5),)
    most_extensions: int = 2


USUAL = Deadlines()
"""Ten minutes and five working days, where a city says nothing of its own."""


def read_deadlines(tree: Mapping[str, Any], faults: Faults) -> Deadlines:
    """The city's tables; the usual ones where there is no such file."""
    if not tree:
        return USUAL
    fields = Fields(DEADLINES, "", tree, faults)
    most = fields.count("most_extensions", USUAL.most_extensions, 0, 20)
    dispatch = _table(fields, "dispatch", "minutes", 1440, faults)
    handling = _table(fields, "handling", "days", 250, faults)
    fields.done(("most_extensions", "dispatch", "handling"))
    return Deadlines(dispatch, handling, most)


def _table(fields: Fields, name: str, unit: str, longest: int, faults: Faults) -> tuple[Limit, ...]:
    tree = fields.take(name)
    if not isinstance(tree, dict) or not tree:
        fields.fault(name, "must be names with a colon and their rows")
        return ()
    rows = tuple(_row(row, Fields(DEADLINES, f"{name}/{row}", value, faults), unit, longest) for row, value in tree.items())
    for row in rows[:-1]:
        if not row.only:
            fields.fault(f"{name}/{row.name}", "fits everything, so no row after it is ever reached")
    if rows[-1].only:
        fields.fault(f"{name}/{rows[-1].name}", "the last row must fit everything: leave its conditions out")
    return rows


def _row(name: str, fields: Fields, unit: str, longest: int) -> Limit:
    if not NAME.fullmatch(name):
        fields.fault("", f'"{name}" is not {SHAPES["name"][1]}')
    only = {one: values for one in CONDITIONS if (values := fields.texts(one, "label", most=40))}
    for one, known in (("type", TYPES), ("urgency", URGENCIES), ("level", ("1", "2", "3"))):
        for value in set(only.get(one, ())) - {"", *known}:
            fields.fault(one, f'"{value}" is none of {", ".join(known)}')
    amount = fields.count(unit, None, 1, longest)
    warn = fields.count("warn", 0, 0, longest)
    extension = fields.count("extension", 0, 0, longest) if unit == "days" else 0
    if warn >= amount:
        fields.fault("warn", f"{warn} {unit} before the end is not after the beginning")
    fields.done((*CONDITIONS, unit, "warn", *(("extension",) if unit == "days" else ())))
    return Limit(name, amount, warn, extension, only)
