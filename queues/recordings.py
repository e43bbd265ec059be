"""Recordings of conversations: what Asterisk wrote becomes a WAV with a checksum, is kept as long as its class says, and goes.

Asterisk writes raw two-channel samples into HOME/recordings/calls/tmp/UNIQUEID.raw (recording.conf). When the call is over
the worker makes HOME/recordings/calls/YYYYMMDD/LINKEDID.wav of it: whole or not at all, and only then the raw file goes. A file
that ends in mid-call, for Asterisk was killed or the disk was full, is stored as far as it goes and says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from queues.call_record import CallRecord
from queues.figures import SHANGHAI

RATE = 8_000  # G.711; pjsip.conf allows nothing wider
FRAME = 4  # bytes: two channels of 16 bits
LARGEST_BYTES = 0xFFFFFFFF - 36  # of a WAV's data
BLOCK = 1 << 20
SHORT_SECONDS = 3.0  # missing at the end of what was talked: an end that is no end


class File(Protocol):
    """What is being written."""

    def write(self, data: bytes, /) -> int: ...


Writing = Callable[[Path, str], AbstractContextManager[File]]
"""Opens a file to be written whole or not at all, of the citizen with this number."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A recording that is kept. `path` is relative to HOME."""

    linkedid: str
    path: str
    sha256: str
    seconds: float
    truncated: bool
    kind: str
    """The class that says how long it is kept: the call's type, or `other`."""
    stored_at: datetime
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days, by class."""

    days: int = 180
    days_of: Mapping[str, int] | None = None

    def until(self, kind: str, began: datetime) -> datetime:
        return began + timedelta(days=(self.days_of or {}).get(kind, self.days))


def folder(home: Path) -> Path:
    return home / "recordings" / "calls"


def raw_folder(home: Path) -> Path:
    """Where Asterisk writes."""
    return folder(home) / "tmp"


def stop_file(home: Path) -> Path:
    """There while no recording may begin."""
    return home / "run" / "no-recording"


def room(home: Path, minimum_free_mb: int) -> bool:
    """Whether recordings may begin; tells Asterisk. Voicemail's room is not for them. Raises OSError."""
    raw_folder(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    there = shutil.disk_usage(raw_folder(home)).free >= minimum_free_mb << 20
    stop = stop_file(home)
    if there:
        stop.unlink(missing_ok=True)
    elif not stop.exists():
        stop.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stop.touch(mode=0o600)
    return there


def raw_of(home: Path, record: CallRecord) -> list[Path]:
    """What Asterisk wrote of this call; joined calls may have had one each."""
    names = [record.linkedid, *record.joined]
    return [path for name in names if (path := raw_folder(home) / f"{name}.raw").is_file()]


def store(home: Path, raw: Path, record: CallRecord, keeping: Keeping, now: datetime, writing: Writing | None = None) -> Stored:
    """Makes the WAV; the raw file stays until the caller has written the row. `writing` seals it (none: it lies plain). Raises OSError."""
    began = datetime.fromtimestamp(record.began_at, SHANGHAI)
    target = folder(home) / began.strftime("%Y%m%d") / f"{raw.stem}.wav"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = min(raw.stat().st_size, LARGEST_BYTES) // FRAME * FRAME
    digest = hashlib.sha256()
    with (writing or _plainly)(target, record.caller) as file, raw.open("rb") as source:
        left, block = size, _header(size)
        while block:
            file.write(block)
            digest.update(block)
            block = source.read(min(BLOCK, left))
            left -= len(block)
    seconds = size / FRAME / RATE
    kind = record.type or "other"
    talked = sum(talk.seconds - talk.hold_seconds for talk in record.talks)
    return Stored(
        raw.stem, str(target.relative_to(home)), digest.hexdigest(), round(seconds, 2),
        record.ended_by == "asterisk" or seconds < talked - SHORT_SECONDS, kind, now, keeping.until(kind, began.astimezone(UTC)),
    )  # fmt: skip


def digest_of(path: Path) -> str:
    """Of a file that lies plain. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored(home: Path) -> Iterator[Path]:
    """All files that are kept."""
    return (path for path in sorted(folder(home).glob("[0-9]*/*.wav")) if path.is_file())


@contextlib.contextmanager
def _plainly(target: Path, _caller: str) -> Iterator[IO[bytes]]:
    part = target.with_suffix(".wav.part")
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _header(size: int) -> bytes:
    """RIFF/WAVE, PCM, two channels: left is what the caller said, right what the caller heard."""
    about = struct.pack("<HHIIHH", 1, 2, RATE, RATE * FRAME, FRAME, 16)
    return b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + about + b"data" + struct.pack("<I", size)
