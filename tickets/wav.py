"""Repairs the header of a recording that was cut off: Asterisk writes the sizes only when it closes the file.

Standard library only (see tickets/spool.py). Format: RIFF WAVE, as Asterisk's format_wav.c writes it.
"""

from __future__ import annotations

import os
import struct
import wave
from pathlib import Path
from typing import BinaryIO

HEADER_LIMIT = 64 * 1024  # the data chunk begins within this, or the file is no recording of Asterisk's


def repair(path: Path) -> bool:
    """Makes the sizes in the header match the file; returns whether they did not. A file without a header is left alone."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        found = _data_chunk(file, size)
        if found is None:
            return False
        start, claimed, block = found
        real = (size - start) // block * block
        file.seek(4)
        riff = struct.unpack("<I", file.read(4))[0]
        if claimed and start + claimed <= size and riff == size - 8:
            return False
        file.truncate(start + real)
        _put(file, 4, start + real - 8)
        _put(file, start - 4, real)
        file.flush()
        os.fsync(file.fileno())
    return True


def seconds(path: Path) -> float:
    """How long it plays; 0 when it is empty, missing or no recording."""
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        return 0.0


def _put(file: BinaryIO, offset: int, number: int) -> None:
    file.seek(offset)
    file.write(struct.pack("<I", number))


def _data_chunk(file: BinaryIO, size: int) -> tuple[int, int, int] | None:
    """Where the samples begin, how many bytes the header claims, and the bytes of one frame."""
    file.seek(0)
    if size < 44 or (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    block = 1
    while file.tell() + 8 <= min(size, HEADER_LIMIT):
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            return file.tell(), length, block
        body = file.read(length + length % 2) if length < HEADER_LIMIT else b""
        if name == b"fmt " and len(body) >= 14:
            block = max(1, struct.unpack_from("<H", body, 12)[0])
    return None
