"""A stream of bytes sealed with AES-256-GCM, in chunks, so that any part of a long recording is read without the rest.

    chunk 0 | chunk 1 | … | last chunk        each 65 536 bytes and a tag of 16; the last may be shorter

The nonce is the chunk's number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
"Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): chunks cannot be changed, swapped, left out or
cut off the end unseen. A key is for one stream only.
"""

from __future__ import annotations

import io
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
CHUNK = 1 << 16
TAG = 16
SEALED = CHUNK + TAG


class Damaged(OSError):
    """The file is not what was sealed: changed, cut off, or under another key."""


def new_key() -> bytes:
    return AESGCM.generate_key(256)


class Writer(io.RawIOBase):
    """Takes plain bytes; `finish` writes the last chunk. What was not finished cannot be read."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._file, self._aead = file, AESGCM(key)
        self._waiting = bytearray()
        self._number = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = memoryview(data)  # type: ignore[arg-type]
        self._waiting += piece
        while len(self._waiting) > CHUNK:  # one that is full may still be the last
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return piece.nbytes

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._aead.encrypt(_nonce(self._number, last), plain, None))
        self._number += 1


class Reader(io.RawIOBase):
    """Reads and seeks in what a Writer wrote from `begin` on. Raises Damaged, at once where the end is missing. `size`: plain bytes."""

    def __init__(self, file: IO[bytes], key: bytes, begin: int = 0) -> None:
        self._file, self._aead, self._begin = file, AESGCM(key), begin
        length = file.seek(0, io.SEEK_END) - begin
        self._last = (length - 1) // SEALED
        self.size = length - (self._last + 1) * TAG
        if length < TAG or self.size < self._last * CHUNK:
            raise Damaged("it ends before its end")
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        self._chunk(self._last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._at >= self.size:
            return 0
        number, offset = divmod(self._at, CHUNK)
        piece = self._chunk(number)[offset : offset + len(into)]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(self._begin + number * SEALED)
            sealed = self._file.read(SEALED)
            try:
                self._held = number, self._aead.decrypt(_nonce(number, number == self._last), sealed, None)
            except InvalidTag:
                raise Damaged("it is not what was written, or this is not its key") from None
        return self._held[1]


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
