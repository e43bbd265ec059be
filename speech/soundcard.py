"""A workstation's sound card through sounddevice; its library PortAudio is the machine's, or unpacked privately by `hotline setup`."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = "portaudio"
PACKAGES = ("libportaudio2",)
LIBRARY = "libportaudio.so.2"
NEEDED = ("libasound.so.2", "libdb-5.3.so", "libopus.so.0", "libsamplerate.so.0", "libjack.so.0")  # in the order they need each other


class NoSoundCard(Exception):  # noqa: N818 - a state, read as a sentence
    """This machine has no sound system; the message says what to do."""


def is_here(downloads: Path) -> bool:
    return ctypes.util.find_library("portaudio") is not None or _private(downloads) is not None


def open_card(downloads: Path) -> Any:
    """The module sounddevice. Raises NoSoundCard."""
    try:
        with _finds(_private(downloads)):
            import sounddevice
    except (ImportError, OSError) as error:
        raise NoSoundCard(f"no sound system here ({error}); `hotline setup` fetches PortAudio, or install libportaudio2, or record on a workstation") from error
    return sounddevice


def _private(downloads: Path) -> Path | None:
    return next((downloads / FOLDER).glob(f"usr/lib/*/{LIBRARY}"), None)


@contextmanager
def _finds(library: Path | None) -> Iterator[None]:
    """sounddevice asks ctypes where PortAudio is, once, when it is imported; the machine's own comes first."""
    asked = ctypes.util.find_library
    if library is None or asked("portaudio") is not None:
        yield
        return
    for name in NEEDED:
        if asked(name.removeprefix("lib").partition(".so")[0]) is None and (library.parent / name).exists():
            ctypes.CDLL(str(library.parent / name), mode=ctypes.RTLD_GLOBAL)
    ctypes.util.find_library = lambda name: str(library) if name == "portaudio" else asked(name)
    try:
        yield
    finally:
        ctypes.util.find_library = asked
