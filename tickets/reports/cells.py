"""CSV that a spreadsheet shows and never runs: a cell may begin like a formula (OWASP, CSV injection)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it Excel takes UTF-8 for the system's code page
Value = str | int | float | None


def table(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """The whole file; CRLF as RFC 4180 has it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return BOM + file.getvalue()


def _cell(value: Value) -> str | int | float:
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value
