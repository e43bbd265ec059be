"""Writes black-and-white pages as PDF: each page one picture in the fax machines' own coding (ITU-T T.6), so nothing is lost.

Page by page to the file: a fax of a hundred pages takes the memory of one. ISO 32000-1: 7.4.6 (CCITTFaxDecode), 7.5 (structure).
"""

from __future__ import annotations

import io
from typing import Protocol

from PIL import Image

CATALOG, PAGES = 1, 2
STRIP_OFFSETS, ROWS_PER_STRIP, STRIP_BYTE_COUNTS = 273, 278, 279  # TIFF 6.0


class Growing(Protocol):
    """A file that only grows."""

    def write(self, data: bytes, /) -> int: ...

    def tell(self) -> int: ...


class Pdf:
    """A document being written; `finish` makes it one."""

    def __init__(self, file: Growing) -> None:
        self._file = file
        self._places: dict[int, int] = {}
        self._pages: list[int] = []
        file.write(b"%PDF-1.4\n%\xe4\xbd\xa0\n")

    def add(self, page: Image.Image, dpi: tuple[float, float]) -> None:
        """Appends a page of mode "1" in its natural size."""
        across, down = page.width * 72 / dpi[0], page.height * 72 / dpi[1]
        first = PAGES + 1 + 3 * len(self._pages)
        picture = (
            f"/Type /XObject /Subtype /Image /Width {page.width} /Height {page.height} /ColorSpace /DeviceGray "
            f"/BitsPerComponent 1 /Filter /CCITTFaxDecode "
            f"/DecodeParms << /K -1 /BlackIs1 true /Columns {page.width} /Rows {page.height} >>"
        )
        self._stream(first, picture, _group4(page))
        self._stream(first + 1, "", f"q {across:.2f} 0 0 {down:.2f} 0 0 cm /P Do Q".encode())
        self._object(
            first + 2,
            f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [0 0 {across:.2f} {down:.2f}] "
            f"/Resources << /XObject << /P {first} 0 R >> >> /Contents {first + 1} 0 R >>".encode(),
        )
        self._pages.append(first + 2)

    def finish(self) -> None:
        """Writes the list of pages and the table of what stands where."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(PAGES, f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode())
        self._object(CATALOG, f"<< /Type /Catalog /Pages {PAGES} 0 R >>".encode())
        start, size = self._file.tell(), len(self._places) + 1
        self._file.write(f"xref\n0 {size}\n0000000000 65535 f \n".encode())
        for number in range(1, size):
            self._file.write(f"{self._places[number]:010d} 00000 n \n".encode())
        self._file.write(f"trailer\n<< /Size {size} /Root {CATALOG} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())

    def _stream(self, number: int, description: str, content: bytes) -> None:
        self._object(number, f"<< {description} /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream")

    def _object(self, number: int, content: bytes) -> None:
        self._places[number] = self._file.tell()
        self._file.write(f"{number} 0 obj\n".encode() + content + b"\nendobj\n")


def _group4(page: Image.Image) -> bytes:
    """The page's T.6 code: a TIFF of one strip holds nothing else."""
    tiff = io.BytesIO()
    page.save(tiff, "TIFF", compression="group4", tiffinfo={ROWS_PER_STRIP: page.height}, strip_size=(page.width + 7) // 8 * page.height)
    with Image.open(tiff, formats=["TIFF"]) as coded:
        tags = coded.tag_v2  # type: ignore[attr-defined]
        (start,), (length,) = tags[STRIP_OFFSETS], tags[STRIP_BYTE_COUNTS]
    return tiff.getvalue()[start : start + length]
