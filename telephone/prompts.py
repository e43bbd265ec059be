"""By which sound each prompt is known: the earliest stretch of it that no other prompt of the hotline shares."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telephone import sound
from telephone.sound import Samples, SoundError

STRETCH_SECONDS: Final = 1.2
STEP_SECONDS: Final = 0.3
SHARED: Final = 0.75  # two stretches this alike could be mistaken for each other


class Prompts:
    """The prompts of one language, as they are played."""

    def __init__(self, folder: Path) -> None:
        self._clips = {path.stem: sound.read(path) for path in sorted(folder.glob("*.wav"))}
        if not self._clips:
            raise SoundError(f"{folder}: no prompts; run `hotline setup`")
        self._known_by: dict[str, Samples] = {}

    def __getitem__(self, name: str) -> Samples:
        """The stretch that tells this prompt from all others. Raises SoundError for an unknown one."""
        if name not in self._clips:
            raise SoundError(f"no prompt {name!r} (there are: {', '.join(self._clips)})")
        if name not in self._known_by:
            self._known_by[name] = self._tell_apart(name)
        return self._known_by[name]

    def whole(self, name: str) -> Samples:
        return self._clips[name]

    def heard_in(self, heard: Samples) -> list[str]:
        """Which prompts were played, in order: for whoever must find out what a caller heard instead."""
        found = ((sound.match(heard, self[name]), name) for name in self._clips)
        return [name for _, name in sorted((match.at, name) for match, name in found if match.correlation >= SHARED)]

    def _tell_apart(self, name: str) -> Samples:
        clip = sound.opening(self._clips[name], len(self._clips[name]) / sound.RATE)
        length, step = int(STRETCH_SECONDS * sound.RATE), int(STEP_SECONDS * sound.RATE)
        for start in range(0, max(1, len(clip) - length), step):
            stretch = clip[start : start + length]
            if not any(sound.match(other, stretch).correlation >= SHARED for key, other in self._clips.items() if key != name):
                return stretch
        return clip
