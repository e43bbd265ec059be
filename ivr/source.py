"""Reads YAML as people write it: with the line of everything, strictly, and without ever building surprises.

Only mappings, lists and texts exist here. Duplicate keys, aliases, tags and numbers that another reader would
turn into something else (0546 an octal, 22:30 a sexagesimal) are refused where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from ivr.faults import Faults

LARGEST_FILE = 1_000_000  # characters
DEEPEST = 12

_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*([.:][0-9_]*)*([eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+")
_SWITCH = {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True)
class Scalar:
    """A text; `plain` when it was written without quotes."""

    value: str
    plain: bool

    @property
    def is_number(self) -> bool:
        return self.plain and _NUMBER.fullmatch(self.value) is not None

    @property
    def is_switch(self) -> bool:
        return self.plain and self.value.lower() in _SWITCH


Tree = Scalar | list[Any] | dict[str, Any]


class _Stop(Exception):
    """Nothing more of this file can be read; the fault is already noted."""


def read(file: str, text: str, faults: Faults) -> dict[str, Any]:
    """The mapping a file holds; {} when it cannot be read. Faults are noted."""
    if len(text) > LARGEST_FILE:
        faults.add(file, "", f"is larger than {LARGEST_FILE} characters", 1)
        return {}
    try:
        tree = _Builder(file, faults, YAML(typ="safe", pure=True).parse(text)).document()
    except _Stop:
        return {}
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "end of stream" in (error.problem or "") and error.context_mark:
            mark = error.context_mark  # where what never ends began
        faults.add(file, "syntax", str(error.problem or error.context).strip(), mark.line + 1 if mark else 1)
        return {}
    except (YAMLError, ValueError) as error:  # ValueError: ruamel on some broken escapes and characters
        faults.add(file, "syntax", " ".join(str(error).split()), 1)
        return {}
    if not isinstance(tree, dict):
        faults.add(file, "", "must be names with a colon and their values (a mapping)", 1)
        return {}
    return tree


class _Builder:
    """Turns the parser's events into a tree, noting lines and refusing what should not be there."""

    def __init__(self, file: str, faults: Faults, events: Iterator[Any]) -> None:
        self._file, self._faults, self._events = file, faults, events

    def document(self) -> Tree:
        tree: Tree | None = None
        for event in self._events:
            if isinstance(event, StreamStartEvent | StreamEndEvent | DocumentStartEvent | DocumentEndEvent):
                continue
            if tree is not None:
                self._stop(event, "", "holds a second document (---); only one is read")
            tree = self._value(event, "", 0)
        return {} if tree is None or (isinstance(tree, Scalar) and tree.is_switch) else tree

    def _value(self, event: Any, path: str, depth: int) -> Tree:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            self._stop(event, path, "anchors and aliases (& and *) are not read here; write it out")
        if event.tag is not None:
            self._stop(event, path, f'the tag "{event.tag}" is not read here')
        if depth > DEEPEST:
            self._stop(event, path, "is nested too deeply")
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, event.style is None)
        if isinstance(event, SequenceStartEvent):
            return self._list(path, depth)
        assert isinstance(event, MappingStartEvent)
        return self._mapping(path, depth)

    def _list(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            below = f"{path}/{len(items) + 1}"
            self._faults.stands(self._file, below, event.start_mark.line + 1)
            items.append(self._value(event, below, depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self._stop(event, path, "a name must be a text")
            key, below, line = self._key(event, path)
            value = self._value(next(self._events), below, depth + 1)
            if key in entries:
                first = self._faults.line_of(self._file, below)
                self._faults.add(self._file, below, f"stands here twice (first on line {first})", line)
            else:
                entries[key] = value
        return entries

    def _key(self, event: ScalarEvent, path: str) -> tuple[str, str, int]:
        key = Scalar(event.value, event.style is None)
        below, line = f"{path}/{key.value}".removeprefix("/"), event.start_mark.line + 1
        if key.is_number or key.is_switch:
            self._faults.add(self._file, below, f'must stand in quotes: "{key.value}"', line)
        self._faults.stands(self._file, below, line)  # of two, the first place stays
        return key.value, below, line

    def _stop(self, event: Any, path: str, message: str) -> NoReturn:
        self._faults.add(self._file, path, message, event.start_mark.line + 1)
        raise _Stop
