"""What is wrong with a city's files, and where: `menus.yaml:41: nodes/12345-1/choices/3: no such node …`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

LONGEST_SHOWN = 300  # characters of a path or message
MOST_FAULTS = 100  # nobody reads more at once, and looking for what was meant takes time
MOST_LOOKED_AT = 1000  # names among which to look for what was meant


@dataclass(frozen=True, order=True)
class Fault:
    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.message}"


class CityRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """These texts are not a city that may be published; `faults` says why, in the order of the files' lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


class Faults:
    """Collects faults while files are read and checked; knows on which line each path stands."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._lines: dict[tuple[str, str], int] = {}

    def stands(self, file: str, path: str, line: int) -> None:
        self._lines.setdefault((file, path), line)

    def line_of(self, file: str, path: str) -> int:
        """The line of a path, or of the nearest thing above it that was written down."""
        while path and (file, path) not in self._lines:
            path = path.rpartition("/")[0]
        return self._lines.get((file, path), 1)

    def is_written(self, file: str, path: str) -> bool:
        return (file, path) in self._lines

    def add(self, file: str, path: str, message: str, line: int | None = None) -> None:
        """Notes a fault once; the hundredth says that there are more."""
        if self.full:
            return
        if len(self.found) == MOST_FAULTS - 1:
            message = f"{message} (and more: only the first {MOST_FAULTS} are listed)"
        line = self.line_of(file, path) if line is None else line
        fault = Fault(file, line, _on_one_line(path) or "file", _on_one_line(message))
        if fault not in self.found:
            self.found.append(fault)

    @property
    def full(self) -> bool:
        return len(self.found) >= MOST_FAULTS

    def refuse(self) -> None:
        """Raises CityRefused if anything was found so far."""
        if self.found:
            raise CityRefused(self.found)


def _on_one_line(text: str) -> str:
    """What stands in a file is hostile until checked: it must not end a line or steer a terminal."""
    shown = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text[:LONGEST_SHOWN])
    return shown + ("…" if len(text) > LONGEST_SHOWN else "")


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`no such node "12345-1-33" (did you mean "12345-1-3"?)`"""
    near = difflib.get_close_matches(name, list(islice(known, MOST_LOOKED_AT)), n=1, cutoff=0.6)
    return f'no such {what} "{name}"' + (f' (did you mean "{near[0]}"?)' if near else "")
