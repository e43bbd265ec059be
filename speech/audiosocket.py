"""The bytes of Asterisk's AudioSocket, as a server reads them; whoever connects is a stranger until its name is known.

Wire (Asterisk, res_audiosocket.h): kind (1 byte), length (2 bytes, big endian), payload. First comes the 16 bytes of a
UUID that we gave out ourselves; then 16 bit signed linear samples, little endian, 8 kHz. AudioSocket() gives up after 2 s
in which neither side said anything (app_audiosocket.c, MAX_WAIT_TIMEOUT_MSEC), so silence is sent back now and then.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

HANGUP, UUID, DTMF, AUDIO, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
KINDS = frozenset((HANGUP, UUID, DTMF, AUDIO, ERROR))
HEADER = struct.Struct(">BH")
UUID_BYTES = 16
LONGEST_BYTES = 6400  # 400 ms; Asterisk sends 20 ms at a time
SILENCE = HEADER.pack(AUDIO, 320) + bytes(320)


class Malformed(ValueError):
    """Not what Asterisk sends: the connection is closed."""


class Frames:
    """Bytes in, whole frames out. The first must be a UUID, and no other may be one."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._named = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of each frame that is whole now. Raises Malformed."""
        self._held += data
        while len(self._held) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._held)
            self._check(kind, length)
            if len(self._held) < HEADER.size + length:
                return
            self._named = True
            payload = bytes(self._held[HEADER.size : HEADER.size + length])
            del self._held[: HEADER.size + length]
            yield kind, payload

    def _check(self, kind: int, length: int) -> None:
        if kind not in KINDS:
            raise Malformed(f"a frame of kind {kind:#04x}")
        if (kind == UUID) == self._named:
            raise Malformed("a name where sound was to come" if self._named else "no name first")
        if length > LONGEST_BYTES or (kind == UUID and length != UUID_BYTES) or (kind == AUDIO and length % 2):
            raise Malformed(f"a frame of kind {kind:#04x} and {length} bytes")
