"""A list of people as a city keeps it (YAML or CSV), read into what `people.add` and `people.edit` take. Pure.

YAML: a list, or names with a colon by login. CSV: a column for each field; skills as `tax:7 law:3`, lists with spaces.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

LARGEST = 5_000_000  # characters
MOST = 20_000
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
WHOLE = ("level", "wrapup_seconds")
LISTS = ("languages", "dialects")


class RosterRefused(ValueError):
    """This is no list of people; the message says where and why."""


def read(text: str, *, is_csv: bool) -> list[tuple[str, dict[str, Any], str | None]]:
    """(login, fields, PIN or None) of each. Raises RosterRefused."""
    if len(text) > LARGEST:
        raise RosterRefused(f"larger than {LARGEST} characters")
    rows = list(_csv(text) if is_csv else _yaml(text))
    if len(rows) > MOST:
        raise RosterRefused(f"{len(rows)} people, at most {MOST} at once")
    seen: set[str] = set()
    for where, row in rows:
        login = row.get("login", "")
        if not login or login in seen:
            raise RosterRefused(f"{where}: {'the login ' + login + ' stands here twice' if login else 'no login'}")
        seen.add(login)
    return [(row.pop("login"), row, row.pop("pin", None) or None) for _, row in rows]


def _csv(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        for line in lines:
            where = f"line {lines.line_num}"
            if None in line or None in line.values():
                raise RosterRefused(f"{where}: not as many cells as the first line has")
            yield where, {name: _cell(where, name, cell) for name, cell in line.items() if cell.strip()}
    except csv.Error as error:
        raise RosterRefused(f"line {lines.line_num}: {error}") from None


def _cell(where: str, name: str, cell: str) -> Any:
    cell = cell.strip()
    if name == "skills":
        pairs = [word.partition(":") for word in cell.split()]
        if any(not re.fullmatch(r"[0-9]", level) for _, _, level in pairs):
            raise RosterRefused(f"{where}: skills are written tax:7 law:3")
        return {skill: int(level) for skill, _, level in pairs}
    if name in LISTS:
        return cell.split()
    if name in WHOLE:
        if not re.fullmatch(r"[0-9]{1,6}", cell):
            raise RosterRefused(f"{where}: {name} is a whole number")
        return int(cell)
    return TRUTHS.get(cell.lower(), cell) if name == "active" else cell


def _yaml(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise RosterRefused(" ".join(str(error).split())[:300]) from None
    if isinstance(data, Mapping):
        data = [{"login": login, **row} if isinstance(row, Mapping) else row for login, row in data.items()]
    if not isinstance(data, list):
        raise RosterRefused("a list of people, or people by their login, is needed")
    for number, row in enumerate(data, 1):
        if not isinstance(row, Mapping):
            raise RosterRefused(f"entry {number}: must be names with a colon and their values")
        yield f"entry {number}", {str(name): _text(value) if name in ("login", "work_number", "pin") else value for name, value in row.items()}


def _text(value: Any) -> str:
    """Numbers without quotes are read as numbers; a leading zero would be lost, so whoever has one must quote it."""
    return value if isinstance(value, str) else str(value)
