"""A Chinese font whose outlines can be embedded: installed, or unpacked privately below downloads/ by `hotline setup`.

WenQuanYi Micro Hei: TrueType, 5 MB (1.6 MB to fetch), Apache-2.0 or GPL-3 with font exception. Noto's CJK fonts have CFF
outlines, which ReportLab cannot embed, and are ten times as large.
"""

from __future__ import annotations

import io
from pathlib import Path

FOLDER = "fonts"
PACKAGES = ("fonts-wqy-microhei",)
FILES = ("usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")


def find(downloads: Path) -> Path | None:
    """The one to use, if there is one."""
    return next((path for root in (downloads / FOLDER, Path("/")) for name in FILES if (path := root / name).is_file()), None)


def cut(font: Path, text: str) -> bytes:
    """A web font (WOFF) with the letters of this text and no others, tens of kilobytes: a reader's machine may have no Chinese font."""
    from fontTools import subset  # noqa: PLC0415 - only reports need it

    options = subset.Options(flavor="woff", hinting=False, layout_features=[], font_number=0, notdef_outline=True)
    options.drop_tables += ["FFTM"]  # FontForge's time stamp
    made, file = subset.load_font(str(font), options), io.BytesIO()
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(made)
    subset.save_font(made, file, options)
    return file.getvalue()
