"""organisations.yaml: who handles matters, on three levels (city; department or county; unit or town), and their telephones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.faults import Faults, unknown
from ivr.fields import NAME, SHAPES, Fields

ORGANISATIONS = "organisations.yaml"
LEVELS = 3
MOST = 5000


@dataclass(frozen=True)
class Organisation:
    """One that can have a ticket; `parent` is the code of the one above it, "" on level 1."""

    code: str
    name: str
    level: int
    parent: str = ""
    phone: str = ""


def read_organisations(tree: Mapping[str, Any], faults: Faults) -> Mapping[str, Organisation]:
    """Every organisation by its code."""
    if len(tree) > MOST:
        faults.add(ORGANISATIONS, "", f"{len(tree)} organisations, at most {MOST} are taken")
        return {}
    read = {code: _organisation(code, Fields(ORGANISATIONS, code, value, faults)) for code, value in tree.items()}
    for one in read.values():
        _placed(one, read, faults)
    return read


def _organisation(code: str, fields: Fields) -> Organisation:
    if not NAME.fullmatch(code) or len(code) > 40:
        fields.fault("", f'"{code}" is not {SHAPES["name"][1]}')
    one = Organisation(
        code,
        fields.text("name", "label"),
        fields.count("level", None, 1, LEVELS),
        fields.text("parent", "name", required=False),
        fields.text("phone", "number", required=False),
    )
    fields.done(("name", "level", "parent", "phone"))
    return one


def _placed(one: Organisation, all_: Mapping[str, Organisation], faults: Faults) -> None:
    """Each below one of the level above it: so nothing can go in circles."""
    if one.level == 1:
        if one.parent:
            faults.add(ORGANISATIONS, f"{one.code}/parent", "level 1 has nobody above it")
    elif not one.parent:
        faults.add(ORGANISATIONS, f"{one.code}/parent", f"is missing: level {one.level} is below one of level {one.level - 1}")
    elif one.parent not in all_:
        faults.add(ORGANISATIONS, f"{one.code}/parent", unknown("organisation", one.parent, all_))
    elif (above := all_[one.parent]).level != one.level - 1:
        faults.add(ORGANISATIONS, f"{one.code}/parent", f'"{one.parent}" has level {above.level}; level {one.level} is below one of level {one.level - 1}')
