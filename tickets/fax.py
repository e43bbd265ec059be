"""Turns a received fax into what people can read: a PDF of all pages and a picture of the first.

What arrives is a TIFF that a stranger's machine shaped: pages are read one by one, and a broken fax keeps those before the break.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from tickets.pdf import Growing, Pdf

MAX_PAGES = 500
MAX_PIXELS = 40_000_000  # one page: 1728 px wide at the finest resolution, some metres long
DPI = (204.0, 196.0)  # ITU-T T.4, fine
PREVIEW_WIDTH = 864
TALLEST_PREVIEW = 10_000
# What Pillow raises over a stranger's bytes; each kind was seen or is raised in its TIFF reader.
BROKEN = (
    OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError,
    RuntimeError, struct.error, UnidentifiedImageError, Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True)
class Pages:
    """How many pages could be read, and what was wrong with the next one."""

    count: int
    fault: str | None = None


def to_pdf(tiff: Path, pdf: Path) -> Pages:
    """Writes all readable pages, none lossy. Without one no file is left."""
    with pdf.open("wb") as file:
        pages = write_pdf(tiff, file)
    if pages.count == 0:
        pdf.unlink()
    return pages


def write_pdf(tiff: Path, file: Growing) -> Pages:
    """The same, to a file that need not be one that is sought in."""
    document = Pdf(file)
    pages = _copy(tiff, document)
    document.finish()
    return pages


def preview(tiff: Path) -> bytes | None:
    """The first page as PNG, small and in the proportions of the paper. None when it cannot be drawn."""
    png = io.BytesIO()
    try:
        with Image.open(tiff, formats=["TIFF"]) as fax:
            _turn(fax, 0)
            across, down = _dpi(fax)
            height = min(TALLEST_PREVIEW, max(1, round(fax.height * PREVIEW_WIDTH / fax.width * across / down)))
            fax.convert("L").resize((PREVIEW_WIDTH, height), Image.Resampling.BOX).save(png, "PNG")
    except BROKEN:
        return None
    return png.getvalue()


def _copy(tiff: Path, document: Pdf) -> Pages:
    count = 0
    try:
        with Image.open(tiff, formats=["TIFF"]) as fax:
            while count < MAX_PAGES and _turn(fax, count):
                document.add(fax.convert("1", dither=Image.Dither.NONE), _dpi(fax))
                count += 1
    except BROKEN as fault:
        return Pages(count, f"page {count + 1}: {fault or type(fault).__name__}")
    return Pages(count)


def _turn(fax: Image.Image, number: int) -> bool:
    """Loads a page; False when there is none."""
    try:
        fax.seek(number)
    except EOFError:
        return False
    if fax.width * fax.height > MAX_PIXELS:
        raise ValueError(f"{fax.width} x {fax.height} pixels")
    fax.load()
    return True


def _dpi(fax: Image.Image) -> tuple[float, float]:
    across, down = fax.info.get("dpi", DPI)
    return (float(across), float(down)) if 50 <= across <= 1300 and 50 <= down <= 1300 else DPI
