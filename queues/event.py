"""An AMI message as the rest of the house sees it: plain text, case-blind names, nothing of a library in it.

Its headers are read when somebody first asks for one, so an event that nobody looks into costs next to nothing. Most lines
(`Language: zh`, the channel's and the call's names) come again and again, so what a line says is remembered for a while.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Self

END = "\r\n"
FIRST = "Event: "
MOST_LINES = 8192  # remembered; some hundred bytes each
LONGEST = 8192  # characters of a message whose lines may be remembered
VARIABLE = "chanvariable "  # with a space, so that no header is called so
NOTHING = "", ""


class Event:
    """One event (or the answer to an action). `event["Linkedid"]` is '' where Asterisk sent no such header."""

    __slots__ = ("_text", "fields", "name")
    fields: Mapping[str, str]
    """By header in small letters; a repeated header is lines of one text."""

    def __init__(self, name: str, fields: Mapping[str, str] | None = None, text: str = "") -> None:
        self.name = name
        """'' if it is no event."""
        self._text = text
        if fields is not None:
            self.fields = fields

    def __getattr__(self, name: str) -> Mapping[str, str]:
        """Python asks here for what is not there: the headers that nobody has looked into yet."""
        if name != "fields":
            raise AttributeError(name)
        self.fields, self._text = _read(self._text), ""
        return self.fields

    def __getitem__(self, header: str) -> str:
        return self.fields.get(header.lower(), "")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and (self.name, self.fields) == (other.name, other.fields)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Event({self.name!r}, {self.fields!r})"

    def number(self, header: str, otherwise: int = 0) -> int:
        """A whole number, or `otherwise` where there is none."""
        text = self[header].strip()
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() else otherwise

    def variable(self, name: str) -> str:
        """A channel variable that manager.conf's `channelvars` adds, of the event's own channel (not of its Dest…); '' without it."""
        return self.fields.get(VARIABLE + name, "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a message's lines as Asterisk sent them."""
        if text.startswith(FIRST):
            return cls(text[len(FIRST) :].partition(END)[0], None, text)
        fields = _read(text)
        return cls(fields.get("event", ""), fields)

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """From header names and values."""
        return cls.parse(END.join(f"{header}: {value}" for header, value in headers.items()))


@dataclass(frozen=True, slots=True)
class Answer:
    """What Asterisk said to one action, with the events of its list where it was one."""

    response: Event
    events: tuple[Event, ...] = ()

    def __getitem__(self, header: str) -> str:
        return self.response[header]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    @property
    def output(self) -> tuple[str, ...]:
        """The lines that the action `Command` printed."""
        return tuple(self.response["Output"].split("\n")) if self.response["Output"] else ()


class _Lines(dict[str, tuple[str, str]]):
    """Header lines seen lately, each with the header's name in small letters and its value."""

    def __missing__(self, line: str) -> tuple[str, str]:
        if len(self) >= MOST_LINES:
            self.clear()  # the common ones are back with the next event
        self[line] = said = _header(line)
        return said


_lines = _Lines()


def _read(text: str) -> dict[str, str]:
    lines = text.split(END)
    known = _lines.__getitem__ if len(text) <= LONGEST else _header
    fields = {key: value for key, value in map(known, lines)}  # noqa: C416 - dict() takes half as long again
    if len(fields) == len(lines) and "" not in fields:
        return fields
    fields = {}  # a header twice, or a line that is none
    for key, value in map(known, lines):
        if key in fields and not key.startswith(VARIABLE):
            fields[key] += f"\n{value}"
        elif key:
            fields[key] = value
    return fields


def _header(line: str) -> tuple[str, str]:
    """Of a ChanVariable, or ChanVariable(channel), the variable's name and value."""
    header, colon, value = line.partition(": ")
    key = header.lower()
    if key.startswith("chanvariable"):
        variable, colon, value = value.partition("=")
        key = VARIABLE + variable
    return (intern(key), value) if colon else NOTHING
