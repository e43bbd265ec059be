"""What speech needs to know of the settings: three folders and nothing else, so this room does not import the front door."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Folders(Protocol):
    """The part of `hotline.settings.Settings` that this room uses."""

    @property
    def downloads(self) -> Path:
        """What setup fetched; shared by every home of a checkout."""

    @property
    def sounds(self) -> Path:
        """Prompts as Asterisk plays them: sounds/LANGUAGE/ID.wav."""

    @property
    def city(self) -> Path:
        """The folder an administrator edits: prompts.yaml and recordings/."""
