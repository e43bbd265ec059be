"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warning", "fault"]
SETUP = "run `hotline setup`"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A fault keeps the hotline from its work; a warning makes it worse; a note is worth knowing."""

    level: Level
    what: str
    says: str
    do: str = ""
