"""AudioSocket's bytes: whole frames in whatever pieces, and everything that Asterisk would not send."""

from __future__ import annotations

import struct

import pytest

from speech.audiosocket import AUDIO, DTMF, HANGUP, LONGEST_BYTES, UUID, Frames, Malformed

NAME = bytes(range(16))  # the same in each worker, for it is part of the tests' names


def frame(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_frames_in_pieces(size: int) -> None:
    wire = frame(UUID, NAME) + frame(AUDIO, bytes(320)) + frame(DTMF, b"5") + frame(AUDIO) + frame(HANGUP)
    frames, found = Frames(), []
    for start in range(0, len(wire), size):
        found += frames.feed(wire[start : start + size])
    assert found == [(UUID, NAME), (AUDIO, bytes(320)), (DTMF, b"5"), (AUDIO, b""), (HANGUP, b"")]


@pytest.mark.parametrize(
    "wire",
    [
        frame(AUDIO, bytes(320)),  # no name
        frame(HANGUP),
        frame(UUID, NAME[:15]),
        frame(UUID, NAME) + frame(UUID, NAME),
        frame(UUID, NAME) + frame(AUDIO, bytes(321)),  # half a sample
        frame(UUID, NAME) + struct.pack(">BH", AUDIO, LONGEST_BYTES + 2),  # not waited for
        frame(UUID, NAME) + frame(0x12, bytes(640)),  # 16 kHz, which nobody asked for
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00" * 64,
    ],
)
def test_what_asterisk_does_not_send_is_refused(wire: bytes) -> None:
    with pytest.raises(Malformed):
        list(Frames().feed(wire))
