"""Which version each folder was last published as: what the person who edits it has seen."""

from __future__ import annotations

import json
from pathlib import Path

from hotline.asterisk.instance import write_private


class Bases:
    """HOME/menus/bases.json: folder -> version."""

    def __init__(self, home: Path) -> None:
        self._path = home / "menus" / "bases.json"

    def of(self, city: Path) -> int | None:
        """None where nothing was published from that folder."""
        return self._all().get(str(city.resolve()))

    def any(self) -> bool:
        """Whether anything was published from a folder at all."""
        return bool(self._all())

    def note(self, city: Path, number: int) -> None:
        """Raises OSError."""
        known = {**self._all(), str(city.resolve()): number}
        write_private(self._path, json.dumps(known, ensure_ascii=False, indent=2) + "\n")

    def _all(self) -> dict[str, int]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # nothing yet, or damaged: then a person must say it
            return {}
        return {folder: number for folder, number in known.items() if isinstance(number, int)} if isinstance(known, dict) else {}
