"""Takes the fields of one mapping, each once and of the right shape; whatever is left over is unknown and refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ivr.faults import Faults, unknown
from ivr.source import Scalar

LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # of prompts, queues, hours: they become file names and dialplan
NODE = re.compile(r"[0-9]{3,15}(-([0-9]{1,3}|[a-z][a-z0-9]{0,19}))*")
NUMBER = re.compile(r"\+?[0-9]{3,20}")
LONGEST_NAME = 40

Shape = tuple[re.Pattern[str], str]
SHAPES: dict[str, Shape] = {
    "label": (LABEL, "a short text on one line"),
    "words": (re.compile(r"[^\x00-\x1f\x7f]{1,500}"), "a text on one line, 500 characters at most"),
    "name": (NAME, "small letters, digits and dashes"),
    "node": (NODE, "a node's id such as 12345-1-1 or 12345-closed"),
    "language": (re.compile(r"[a-z]{2,3}"), "a language such as en"),
    "short": (re.compile(r"[0-9]{2,6}"), "a short number, 2 to 6 digits"),
    "number": (NUMBER, "a telephone number, 3 to 20 digits"),
    "service": (re.compile(r"[0-9]{3,15}"), "a number that citizens dial, 3 to 15 digits"),
    "area": (re.compile(r"0[0-9]{2,3}"), "an area code with its leading 0"),
    "country": (re.compile(r"[1-9][0-9]{0,2}"), "a country code"),
    "clock": (re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"), "a time of the day in quotes such as \"08:00\""),
    "waiting-key": (re.compile(r"[0-9*#]"), "one key of a telephone in quotes"),
    "key": (re.compile(r"[0-9]{1,3}"), "one to three digits; * and # are taken (repeat, back)"),
}


class Fields:
    """One mapping of one file, at one path."""

    def __init__(self, file: str, path: str, value: Any, faults: Faults) -> None:
        self.file, self.path, self.faults = file, path, faults
        self._left: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
        self._broken = not isinstance(value, dict)
        if self._broken:
            self.fault("", "must be names with a colon and their values")

    def fault(self, name: str, message: str) -> None:
        self.faults.add(self.file, self.at(name), message)

    def at(self, name: str) -> str:
        return "/".join(part for part in (self.path, name) if part)

    def text(self, name: str, shape: str, *, required: bool = True) -> str:
        """One text; '' when it is missing or wrong (noted)."""
        if name not in self._left:
            if required:
                self._missing(name)
            return ""
        return self._text(name, self._left.pop(name), shape)

    def texts(self, name: str, shape: str, *, most: int) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self._left.pop(name, [])
        items = value if isinstance(value, list) else [value]
        if len(items) > most:
            self.fault(name, f"has {len(items)} entries, at most {most} are taken")
        return tuple(self._text(f"{name}/{at}" if isinstance(value, list) else name, item, shape) for at, item in enumerate(items, 1))

    def count(self, name: str, default: int | None, low: int, high: int) -> int:
        """A whole number in its limits; the default when it is missing."""
        if name not in self._left:
            if default is None:
                self._missing(name)
            return default or low
        value = self._left.pop(name)
        plain = isinstance(value, Scalar) and re.fullmatch(r"0|[1-9][0-9]{0,6}", value.value)
        if not plain or not low <= int(value.value) <= high:
            self.fault(name, f"must be a whole number from {low} to {high}")
            return low
        return int(value.value)

    def one_of(self, name: str, known: Iterable[str], what: str, *, required: bool = True) -> str:
        word = self.text(name, "label", required=required)
        if word and word not in set(known):
            self.fault(name, unknown(what, word, known))
            return ""
        return word

    def pairs(self, name: str, key_shape: str, shape: str, *, empty: bool = False) -> Mapping[str, str]:
        """A mapping of texts to texts, such as choices; `empty`: there may be none."""
        value = self._left.pop(name, None)
        if not isinstance(value, dict) or not (value or empty):
            self.fault(name, "is missing" if value is None else "must be names with a colon and their values")
            return {}
        for key in value:
            self._shaped(f"{name}/{key}", key, key_shape)
        return {key: self._text(f"{name}/{key}", item, shape) for key, item in value.items()}

    def names(self) -> tuple[str, ...]:
        """What stands here and was not taken yet."""
        return tuple(self._left)

    def take(self, name: str) -> Any:
        """A value of any shape, for a reader that goes deeper."""
        if name not in self._left:
            self._missing(name)
        return self._left.pop(name, {})

    def done(self, known: Iterable[str]) -> None:
        """Whatever nobody took is unknown."""
        for name in self._left:
            self.fault(name, unknown("field", name, known))

    def _missing(self, name: str) -> None:
        if not self._broken:  # then that was said already
            self.fault(name, "is missing")

    def _text(self, name: str, value: Any, shape: str) -> str:
        if not isinstance(value, Scalar):
            self.fault(name, f"must be {SHAPES[shape][1]}")
            return ""
        if value.is_number or (value.is_switch and value.value):
            self.fault(name, f'must stand in quotes: "{value.value}"')
            return ""
        return self._shaped(name, value.value, shape)

    def _shaped(self, name: str, text: str, shape: str) -> str:
        pattern, words = SHAPES[shape]
        if not pattern.fullmatch(text) or (shape in ("name", "node") and len(text) > LONGEST_NAME):
            self.fault(name, f'"{text}" is not {words}' if text else f"is empty; it must be {words}")
            return ""
        return text
