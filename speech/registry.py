"""The engines there are, found through the entry-point group `hotline.recognisers`: a city's own needs no change here.

    [project.entry-points."hotline.recognisers"]
    my-engine = "my_package.module:ENGINE"          # an object as `Engine` describes
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from speech.choice import Choice
from speech.recogniser import EngineUnusable, Recogniser

GROUP = "hotline.recognisers"


class Engine(Protocol):
    """One way of recognising. Its module must import nothing heavy: it is asked what it takes in every process."""

    kind: str
    """Of its models in `speech.catalogue`."""
    takes_hotwords: bool

    def takes(self, folder: Path) -> bool:
        """Whether this folder looks like one of its models; no file is read."""

    def load(self, choice: Choice, hotwords: Sequence[str]) -> Recogniser:
        """Raises EngineUnusable. Only called in a process that may be lost."""


def names() -> list[str]:
    """All engines of this installation, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


@cache
def engine(name: str) -> Engine:
    """Raises EngineUnusable, also where another package's engine cannot be imported."""
    for point in entry_points(group=GROUP, name=name):
        try:
            found: Engine = point.load()
        except (ImportError, AttributeError) as error:
            raise EngineUnusable(f"the engine {name} cannot be loaded from {point.value}: {error}") from error
        return found
    raise EngineUnusable(f"speech.engine: {name!r} is none of auto, {', '.join(names())}")


def for_kind(kind: str) -> str | None:
    """The engine of a kind of models in the catalogue; None for voices."""
    return next((name for name in names() if _loads(name) and engine(name).kind == kind), None)


def for_folder(folder: Path) -> str | None:
    """The engine that takes a folder."""
    return next((name for name in names() if _loads(name) and engine(name).takes(folder)), None)


def _loads(name: str) -> bool:
    """One broken package costs its own engine only; asked for by name, it says what is wrong."""
    try:
        engine(name)
    except EngineUnusable:
        return False
    return True
