"""Keeps files for good: copied beside their final name, flushed, then renamed, so that a name always means a whole file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def keep(source: Path, target: Path) -> str:
    """Copies a file to its place and returns the SHA-256 of what lies there. Harmless twice."""
    with arriving(target) as part:
        shutil.copyfile(source, part)
    return sha256(target)


@contextlib.contextmanager
def arriving(target: Path) -> Iterator[Path]:
    """A name to write to; it becomes `target` at the end, if it was written at all."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    yield part
    if part.is_file():
        part.chmod(0o600)
        flush(part)
        part.rename(target)
        flush(target.parent)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """What was written, or moved in or out of a folder, survives a power cut from now on."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
