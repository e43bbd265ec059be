"""A recording that Asterisk is still writing: what is new since the last look. It writes 32 KB at a time, two seconds of sound."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Self

import numpy as np

from speech.audio import TELEPHONE_RATE, AudioUnreadable, Samples

PCM = 1
HEADER = 44  # as Asterisk's format_wav writes it: RIFF, fmt of 16 bytes, data


class Growing:
    """The sound of one WAV (8 kHz, 16 bit, mono) from its beginning on. Raises AudioUnreadable, OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        head = self._file.read(HEADER)
        if len(head) < HEADER or struct.unpack_from("<HHI", head, 20) != (PCM, 1, TELEPHONE_RATE) or head[36:40] != b"data":
            self._file.close()
            raise AudioUnreadable(f"{path.name}: not a recording as Asterisk writes messages")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def more(self) -> Samples:
        """What has been written since; empty when nothing has."""
        data = self._file.read()
        if len(data) % 2:
            self._file.seek(-1, os.SEEK_CUR)
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / 32768.0

    def ended(self) -> bool:
        """Whether the caller has hung up: the file was moved to where finished messages wait."""
        try:
            return self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return True
