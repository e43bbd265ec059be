"""An AMI message as the rest of the house sees it: plain text, case-blind names, nothing of a library in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KEYS: dict[str, str] = {}
"""Of the headers seen so far their small letters: an event has twenty, and they are always the same few."""
MOST_KEYS = 2000
VARIABLE = "chanvariable"


@dataclass(frozen=True, slots=True)
class Event:
    """One event (or the answer to an action). `event["Linkedid"]` is '' where Asterisk sent no such header."""

    name: str
    fields: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    """Channel variables that manager.conf's `channelvars` adds, of the event's own channel (not of its Dest…)."""

    def __getitem__(self, header: str) -> str:
        return self.fields.get(header.lower(), "")

    def number(self, header: str, otherwise: int = 0) -> int:
        """A whole number, or `otherwise` where there is none."""
        text = self[header].strip()
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() else otherwise

    @classmethod
    def parse(cls, text: str) -> Event:
        """From a message's lines as Asterisk sent them; a repeated header becomes lines of one text. Its name is '' if it is no event."""
        fields: dict[str, str] = {}
        variables: dict[str, str] = {}
        for line in text.split("\r\n"):
            header, colon, value = line.partition(": ")
            if not colon:
                continue
            key = KEYS.get(header)
            if key is None:
                key = _key(header)
            if key is VARIABLE:
                variables.update(_assignments(value))
            elif key in fields:
                fields[key] = f"{fields[key]}\n{value}"
            else:
                fields[key] = value
        return cls(fields.get("event", ""), fields, variables)

    @classmethod
    def of(cls, headers: Mapping[str, str | list[str]]) -> Event:
        """From header names and values as they came; a repeated header becomes lines of one text."""
        fields: dict[str, str] = {}
        variables: dict[str, str] = {}
        for header, value in headers.items():
            key = header.lower()
            if key == "chanvariable" or key.startswith("chanvariable("):
                variables.update(_assignments(value))
            else:
                fields[key] = value if isinstance(value, str) else "\n".join(value)
        return cls(fields.get("event", ""), fields, variables)


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


def _key(header: str) -> str:
    key = header.lower()
    if key.startswith("chanvariable"):  # ChanVariable, or ChanVariable(channel)
        key = VARIABLE
    if len(KEYS) < MOST_KEYS:
        KEYS[header] = key
    return key


def _assignments(value: str | list[str]) -> Iterator[tuple[str, str]]:
    for line in [value] if isinstance(value, str) else value:
        name, equals, text = line.partition("=")
        if equals:
            yield name, text
