"""Bodies that may be large: refused by what they say of their length, counted while they come, and never on a disk in the plain.

What was read lies in memory until it is sealed (tickets/attachments.py), so only a few are read at once, each for a while only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tickets.attachments import File
from web.problems import Problem

SECONDS: Final = 300.0  # a telephone's slow network; behind a proxy that reads requests first it is a moment
AT_ONCE: Final = 8
MOST_FIELDS: Final = 40
NO_LIMIT: Final = 1 << 62  # of FastAPI's own, which answers in plain text: what is too long is said by the route


@dataclass
class Uploads:
    """How many are being read by this process."""

    now: int = 0
    seconds: float = SECONDS

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """While one is read. Raises Problem: 503 too many at once, 408 it took too long."""
        if self.now >= AT_ONCE:
            raise Problem(503, "too many files are being sent at this moment; please send it again soon", {"Retry-After": "10"})
        self.now += 1
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except TimeoutError:
            raise Problem(408, f"it took longer than {self.seconds:g} s", {"Connection": "close"}) from None
        finally:
            self.now -= 1


@dataclass
class Form:
    """What a browser sent: the first value of each field, and its files."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


class _InMemory(MultiPartParser):
    spool_max_size = 1 << 40


async def whole(request: Request, most: int) -> bytes:
    """The body. Raises Problem."""
    body = bytearray()
    async for piece in pieces(request, most):
        body += piece
    return bytes(body)


async def multipart(request: Request, most: int, most_files: int, longest_field: int) -> Form:
    """A form with files (RFC 7578). Raises Problem."""
    parser = _InMemory(request.headers, pieces(request, most), max_files=most_files, max_fields=MOST_FIELDS, max_part_size=longest_field)
    made = Form()
    try:
        parsed = await parser.parse()
        for name, value in parsed.multi_items():
            if not isinstance(value, UploadFile):
                made.fields.setdefault(name, value)
            elif value.filename or value.size:  # a browser sends an empty one where none was chosen
                made.files.append(File(value.filename or "", await value.read()))
        await parsed.close()
    except MultiPartException as error:
        too_many = "many files" in error.message
        raise Problem(413 if too_many else 400, f"at most {most_files} files are taken" if too_many else "the form cannot be read") from None
    except (FormParserError, KeyError, ValueError, LookupError):
        raise Problem(400, "the form cannot be read") from None
    return made


async def pieces(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes. Raises Problem 413, before anything is read where its length is said."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > most:
        raise too_large(most)
    count = 0
    async for piece in request.stream():
        count += len(piece)
        if count > most:
            raise too_large(most)
        yield piece


def too_large(most: int) -> Problem:
    return Problem(413, f"at most {most} bytes are taken", {"Connection": "close"})
