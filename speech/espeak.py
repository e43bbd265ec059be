"""espeak-ng as a program of its own (it is GPL): on PATH, or unpacked privately below downloads/ by `hotline setup`."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

FOLDER = "espeak-ng"
PACKAGES = ("espeak-ng",)


@dataclass(frozen=True)
class Program:
    """How to start it, and where its voices are if not where it would look."""

    command: tuple[str, ...]
    data: Path | None = None

    def environ(self) -> dict[str, str]:
        return {**os.environ, **({"ESPEAK_DATA_PATH": str(self.data)} if self.data else {})}


def find(downloads: Path) -> Program | None:
    """The program to use, if there is one."""
    if installed := shutil.which("espeak-ng"):
        return Program((installed,))
    root = downloads / FOLDER
    programs = list(root.glob("usr/bin/espeak-ng"))
    loaders = list(root.glob("usr/lib/*/ld-linux-*.so.*"))
    voices = list(root.glob("usr/lib/*/espeak-ng-data"))
    if not (programs and loaders and voices):
        return None
    # Its own loader and libraries: the machine's may be older than the package.
    libraries = loaders[0].parent
    started = (str(loaders[0]), "--library-path", f"{libraries}:{libraries / 'pulseaudio'}", "--argv0", "espeak-ng", str(programs[0]))
    return Program(started, voices[0])
