"""A Chinese font whose outlines can be embedded: installed, or unpacked privately below downloads/ by `hotline setup`.

WenQuanYi Micro Hei: TrueType, 5 MB (1.6 MB to fetch), Apache-2.0 or GPL-3 with font exception. Noto's CJK fonts have CFF
outlines, which ReportLab cannot embed, and are ten times as large.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = "fonts"
PACKAGES = ("fonts-wqy-microhei",)
FILES = ("usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")


def find(downloads: Path) -> Path | None:
    """The one to use, if there is one."""
    return next((path for root in (downloads / FOLDER, Path("/")) for name in FILES if (path := root / name).is_file()), None)
