"""pauses.yaml: why agents may be away for a while, which key says so at a phone, and how long it should last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ivr.faults import Faults
from ivr.fields import NAME, SHAPES, Fields

PAUSES = "pauses.yaml"
MOST_PAUSES = 9  # a key each
OURS = frozenset(("in_call", "after_call_work", "missed_call", "missed_calls"))  # why app_queue is told to pause somebody


@dataclass(frozen=True)
class Pause:
    """One reason; `minutes` 0: no limit."""

    name: str
    label: str
    key: str
    minutes: int = 0


USUAL: Mapping[str, Pause] = MappingProxyType(
    {pause.name: pause for pause in (Pause("rest", "小休", "1", 15), Pause("meal", "用餐", "2", 45), Pause("training", "培训", "3", 120))}
)
"""Where a city says nothing of its own."""


def read_pauses(tree: Mapping[str, Any], faults: Faults) -> Mapping[str, Pause]:
    """Every reason by its name; the usual ones where there is no such file."""
    if not tree:
        return USUAL
    if len(tree) > MOST_PAUSES:
        faults.add(PAUSES, "", f"{len(tree)} reasons, at most {MOST_PAUSES} have a key each")
    read = {name: _pause(name, Fields(PAUSES, name, value, faults)) for name, value in tree.items()}
    taken: dict[str, str] = {}
    for pause in read.values():
        if pause.key and taken.setdefault(pause.key, pause.name) != pause.name:
            faults.add(PAUSES, f"{pause.name}/key", f"key {pause.key} is {taken[pause.key]}'s already")
    return read


def _pause(name: str, fields: Fields) -> Pause:
    if not NAME.fullmatch(name) or len(name) > 40:
        fields.fault("", f'"{name}" is not {SHAPES["name"][1]}')
    if name.replace("-", "_") in OURS:
        fields.fault("", f'"{name}" is what the hotline itself calls a pause')
    key = fields.text("key", "key")
    if len(key) > 1 or key == "0":
        fields.fault("key", "must be one digit from 1 to 9")
    pause = Pause(name, fields.text("name", "label"), key, fields.count("minutes", 0, 0, 600))
    fields.done(("name", "key", "minutes"))
    return pause
