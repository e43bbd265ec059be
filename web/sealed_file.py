"""Serves what lies sealed: deciphered while it is sent, whole or a part of it (RFC 9110, 14.2), never as a plain copy on a disk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import IO

from fastapi import Request
from fastapi.responses import StreamingResponse

from web.problems import Problem

PIECE = 1 << 16
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def served(request: Request, file: IO[bytes], kind: str, name: str, headers: Mapping[str, str]) -> StreamingResponse:
    """The plain bytes of an open file, which is closed at the end. Raises Problem 416."""
    size = file.seek(0, io.SEEK_END)
    try:
        part = _part(request.headers.get("range", ""), size)
    except Problem:
        file.close()
        raise
    first, last = part or (0, size - 1)
    about = {
        **headers,
        "Accept-Ranges": "bytes",
        "Content-Length": str(last - first + 1),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    if part:
        about["Content-Range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(_pieces(file, first, last - first + 1), 206 if part else 200, about, kind)


def _pieces(file: IO[bytes], begin: int, left: int) -> Iterator[bytes]:
    with file:
        file.seek(begin)
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte; None for the whole, which is also the answer to what is not understood. Raises Problem."""
    found = RANGE.fullmatch(wanted.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":  # the last so many
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
        if found[2] and int(found[2]) < first:
            return None
    if first >= size or last < first:
        raise Problem(416, f"there are {size} bytes", {"Content-Range": f"bytes */{size}"})
    return first, last
