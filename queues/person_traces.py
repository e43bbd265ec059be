"""What files of the floor still say of a citizen whose data is erased: Asterisk's logs, the events, the state in HOME/run; struck out where it stands.

Asterisk and our processes write on at the ends of these files meanwhile, and readers know their places by counting bytes, so nothing moves:
the figures of a number become as many stars, an event of one of their calls as many blanks. What reads the logs again finds no number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from queues import events

FILES = ("asterisk/log/queue_log*", "asterisk/log/cel-custom/*", "asterisk/log/*.log*", "log/*", "run/*.json", "run/*.bookmark")
ROTATED = ("asterisk/log/queue_log.[0-9]*", "asterisk/log/cel-custom/cel.csv.[0-9]*")
SHORTEST = 7  # figures; less may be anything
MOST_AT_ONCE = 16_000_000  # bytes of one file in memory; logs are begun anew at 10 MB (hotline/rotation.py)


def strike(home: Path, numbers: Collection[str], linkedids: Collection[str]) -> int:
    """Returns in how many places. `numbers`: digits, as they may stand there; `linkedids`: of their calls. Raises OSError."""
    digits = [number.lstrip("+") for number in numbers if len(number) >= SHORTEST]
    calls = [f'"{linkedid}"' for linkedid in linkedids]
    found = sum(_struck(path, _pattern(digits), lines=False) for path in _files(home)) if digits else 0
    if digits or calls:
        found += sum(_struck(path, _pattern([*digits, *calls]), lines=True) for _, path in events.segments(events.where(home)))
    return found


def forget_old(home: Path, before: datetime) -> int:
    """Asterisk's logs that were full before this moment go: every number in them is older. Returns how many. Raises OSError."""
    old = [path for pattern in ROTATED for path in home.glob(pattern) if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _pattern(words: Collection[str]) -> re.Pattern[bytes]:
    """Longest first, and no part of a longer figure: a moment or a linkedid is none of their numbers."""
    wanted = b"|".join(re.escape(word.encode()) for word in sorted(set(words), key=len, reverse=True))
    return re.compile(rb"(?<![0-9.])(?:" + wanted + rb")(?![0-9])")


def _files(home: Path) -> Iterator[Path]:
    for pattern in FILES:
        yield from sorted(path for path in home.glob(pattern) if path.is_file() and not path.is_symlink())


def _struck(path: Path, pattern: re.Pattern[bytes], *, lines: bool) -> int:
    """In place: what is found, or the whole lines that it stands in. The time of its last change stays: rotated logs are read in that order (queues/log_file.py)."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:  # rotated or forgotten meanwhile
        return 0
    with file:
        before = os.fstat(file.fileno())
        count = 0
        while data := file.read(MOST_AT_ONCE):
            begin = file.tell() - len(data)
            whole = len(data) if len(data) < MOST_AT_ONCE else data.rfind(b"\n") + 1 or len(data)
            for match in pattern.finditer(data, 0, whole):
                first, last = match.span()
                if lines:
                    first, last = data.rfind(b"\n", 0, first) + 1, data.index(b"\n", last) if b"\n" in data[last:] else len(data)
                os.pwrite(file.fileno(), (b" " if lines else b"*") * (last - first), begin + first)
                count += 1
            file.seek(begin + whole)
        if count:
            os.fsync(file.fileno())
            os.utime(file.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
    return count
