"""Figures as a table for people and as a file for the next run to be held against."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: a value that was measured, never one between two. Raises ValueError for none."""
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-int(len(ordered) * share * 1000) // 1000) - 1))]


def machine() -> dict[str, Any]:
    """Where it was measured: figures of two machines are not to be compared."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0], "system": platform.platform(), "python": platform.python_version(),
    }  # fmt: skip


def show(console: Console, title: str, rows: Sequence[Row]) -> None:
    table = Table(title=title)
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(rows[0][name], int | float) else "left")
    for row in rows:
        table.add_row(*(_shown(value) for value in row.values()))
    console.print(table)


def write(folder: Path, name: str, about: Row, rows: Sequence[Row], **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**about, "rows": list(rows), **more}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
