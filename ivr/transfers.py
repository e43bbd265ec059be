"""Where agents may pass a caller on to, besides colleagues: transfers.yaml, which a city may leave out.

    outside:
      urban-management: {name: 城管局值班室, number: "05468012319", short: "801"}
    queues:
      "71": complaints

No agent and no phone passes a caller on to, asks or calls an outside number that is not listed here. Who is called besides are
citizens: a ticket's caller, or who wants to be called back, where waiting.yaml (callbacks/numbers) allows the number; and where
the published menus, numbers and queues lead. A short number is what a phone's own transfer key, or `##` and `*2`, may dial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.faults import Faults, unknown
from ivr.fields import NAME, SHAPES, Fields

FILE = "transfers.yaml"
LONGEST_NAME = 40
MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Outside:
    """An outside number that agents may reach."""

    key: str
    name: str
    number: str
    short: str = ""


@dataclass(frozen=True)
class Transfers:
    """The allow-list, and the short numbers of queues."""

    outside: Mapping[str, Outside] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)


def read_transfers(tree: Mapping[str, Any], faults: Faults) -> Transfers:
    """What the file says; everything in it may be left out."""
    fields = Fields(FILE, "", dict(tree), faults)
    entries = fields.take("outside") if "outside" in fields.names() else {}
    queues = fields.pairs("queues", "short", "name") if "queues" in fields.names() else {}
    fields.done(("outside", "queues"))
    listed = Fields(FILE, "outside", entries, faults)
    names = list(entries)[:MOST] if isinstance(entries, dict) else []
    if isinstance(entries, dict) and len(entries) > MOST:
        listed.fault("", f"has {len(entries)} entries, at most {MOST} are taken")
    return Transfers({name: _outside(name, Fields(FILE, f"outside/{name}", listed.take(name), faults)) for name in names}, queues)


def _outside(key: str, fields: Fields) -> Outside:
    if not NAME.fullmatch(key) or len(key) > LONGEST_NAME:
        fields.fault("", f'"{key}" is not {SHAPES["name"][1]}')
    made = Outside(
        key=key, name=fields.text("name", "label"), number=fields.text("number", "number"), short=fields.text("short", "short", required=False)
    )
    fields.done(("name", "number", "short"))
    return made


def check_transfers(transfers: Transfers, queues: Mapping[str, Any], dialled: Mapping[str, Any], faults: Faults) -> None:
    """Each queue exists; each short number means one thing, and none that citizens dial."""
    for short, queue in transfers.queues.items():
        if queue not in queues:
            faults.add(FILE, f"queues/{short}", unknown("queue", queue, queues))
    taken = {short: f"queues/{short}" for short in transfers.queues}
    for key, one in transfers.outside.items():
        if one.short and (first := taken.setdefault(one.short, f"outside/{key}")) != f"outside/{key}":
            faults.add(FILE, f"outside/{key}/short", f'"{one.short}" is taken already: {first}')
    for short, path in taken.items():
        if short in dialled:
            faults.add(FILE, path if path.startswith("queues/") else f"{path}/short", f'"{short}" is a number that citizens dial')
