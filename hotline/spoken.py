"""The sounds of each published version: what it said when it was published it says again after a rollback.

    HOME/menus/sounds/SHA256.wav                     a sound, kept once however many versions speak it, never changed
    HOME/menus/3/sounds.json                         language -> prompt -> SHA256
    HOME/asterisk/data/sounds/zh_v3/hotline/ID.wav   links to them, for as long as calls may be in version 3

A call in version 3 has the language `zh_v3` (or `zh_v3_slow`). Asterisk looks there first and then, taking off what
follows each `_`, in `zh` (main/file.c, fileexists_core): HOME/sounds, where the next version is being prepared. So a
prompt that had no sound when it was published is heard as soon as it has one, and no command of a call names a version.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hotline import files

FILE = "sounds.json"
LANGUAGE = re.compile(r"[a-z]{2,3}(_slow)?")
LINKED = re.compile(r"[a-z]{2,3}_v([0-9]+)(_slow)?")
MOST_NAMED = 5

Sounds = Mapping[str, Mapping[str, str]]


class Spoken:
    """The sounds of one hotline's versions."""

    def __init__(self, home: Path) -> None:
        self._prepared = home / "sounds"
        self._kept = home / "menus" / "sounds"
        self._asterisk = home / "asterisk" / "data" / "sounds"

    def keep(self, prompts: Iterable[str]) -> Sounds:
        """What is prepared now, kept for a version. Raises OSError."""
        found = self.prepared(prompts)
        for language, sounds in found.items():
            for prompt, digest in sounds.items():
                self._keep(self._prepared / language / f"{prompt}.wav", digest)
        return found

    def prepared(self, prompts: Iterable[str]) -> Sounds:
        """What the next version would say. Raises OSError."""
        names = tuple(prompts)
        languages = sorted(path.name for path in self._prepared.glob("*") if path.is_dir() and LANGUAGE.fullmatch(path.name))
        found = {language: dict(_digests(self._prepared / language, names)) for language in languages}
        return {language: sounds for language, sounds in found.items() if sounds}

    def link(self, number: int, sounds: Sounds) -> None:
        """Where Asterisk looks for them, whole or not at all. Raises OSError."""
        for language, named in sounds.items():
            base, _, style = language.partition("_")
            place = self._asterisk / "_".join(filter(None, (base, f"v{number}", style)))
            links = {f"{prompt}.wav": self._kept / f"{digest}.wav" for prompt, digest in named.items()}
            if _links(place / "hotline") != links:
                _replace_folder(place, links)

    def unlink(self, number: int) -> None:
        """No call will speak them any more; they are kept for a rollback. Raises OSError."""
        for place in self._linked():
            if place.name.split("_")[1] == f"v{number}":
                shutil.rmtree(place)

    def linked(self) -> set[int]:
        """The versions whose sounds Asterisk finds."""
        return {int(place.name.split("_")[1][1:]) for place in self._linked()}

    def _linked(self) -> list[Path]:
        return [place for place in self._asterisk.glob("*_v*") if LINKED.fullmatch(place.name)]

    def _keep(self, sound: Path, digest: str) -> None:
        kept = self._kept / f"{digest}.wav"
        if not kept.exists():  # a copy: whoever overwrites the prepared file must not change what was published
            files.replace(kept, sound.read_bytes(), mode=0o444)


def read(version: Path) -> Sounds | None:
    """Of a version's folder; None where it was published before sounds were kept, or the list is damaged."""
    try:
        known = json.loads((version / FILE).read_text(encoding="utf-8"))
        return {str(language): {str(prompt): str(digest) for prompt, digest in named.items()} for language, named in known.items()}
    except (OSError, ValueError, AttributeError):
        return None


def written(sounds: Sounds) -> str:
    """As the version's file."""
    return json.dumps(sounds, ensure_ascii=False, indent=1) + "\n"


def words(old: Sounds, new: Sounds) -> Iterator[str]:
    """What sounds otherwise, for the difference of two versions: one line for each language and kind of change."""
    for language in sorted({*old, *new}):
        before, after = old.get(language, {}), new.get(language, {})
        for what, names in (
            ("new", [name for name in after if name not in before]),
            ("recorded anew", [name for name in after if name in before and before[name] != after[name]]),
            ("gone", [name for name in before if name not in after]),
        ):
            if names:
                yield f"sounds of {language} {what}: {', '.join(names[:MOST_NAMED])}" + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _digests(folder: Path, prompts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for prompt in prompts:
        place = folder / f"{prompt}.wav"
        if place.is_file():
            yield prompt, hashlib.sha256(place.read_bytes()).hexdigest()


def _links(folder: Path) -> dict[str, Path]:
    return {link.name: link.readlink() for link in folder.iterdir() if link.is_symlink()} if folder.is_dir() else {}


def _replace_folder(place: Path, links: Mapping[str, Path]) -> None:
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "hotline").mkdir(parents=True)
    for name, target in links.items():
        (unfinished / "hotline" / name).symlink_to(target)
    shutil.rmtree(place, ignore_errors=True)
    unfinished.rename(place)
