"""Work that a process does beside its other work: a thread that begins and ends with a `with`."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self

END_SECONDS = 5.0


class Beside(ABC):
    """`_run` works until `_stop` is set; the end of the `with` sets it, and waits a little. A `daemon` may be left in the middle of its work."""

    def __init__(self, name: str, *, daemon: bool = False) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(END_SECONDS)

    @abstractmethod
    def _run(self) -> None:
        """In the thread."""
