"""Recordings with what was really said, to measure recognisers by: a folder with sounds and a transcripts.tsv.

The table's head names its columns: `file` and `text`; if there, `city` and `entities` ({"phone": "138…", "place": ["…"]}).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speech.text import gazetteer
from speech.text.gazetteer import PLACE, GazetteerError, Name

TABLE = "transcripts.tsv"
MOST_CLIPS = 100_000


class CorpusError(Exception):
    """The folder is no corpus; the message says what is wrong, and in which line."""


@dataclass(frozen=True)
class Clip:
    """One recording and the truth about it."""

    path: Path
    text: str
    city: str = ""
    places: tuple[str, ...] = ()
    phone: str = ""


def read(folder: Path) -> tuple[Clip, ...]:
    """All recordings of a folder. Raises CorpusError."""
    table = folder / TABLE
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise CorpusError(f"there is no {table}: a head, file<TAB>text, and a line for each recording of that folder are wanted") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{table}: {error}") from error
    rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or not {"file", "text"} <= set(rows[0]):
        raise CorpusError(f"{table}: a head with the columns file and text is wanted, and lines below it")
    if len(rows) > MOST_CLIPS:
        raise CorpusError(f"{table}: {len(rows)} lines, at most {MOST_CLIPS}")
    return tuple(_clip(folder, number, row) for number, row in enumerate(rows, 2))


def _clip(folder: Path, number: int, row: dict[str, str | None]) -> Clip:
    where = f"{folder / TABLE}:{number}"
    path, text = folder / (row["file"] or ""), (row["text"] or "").strip()
    if not path.is_file():
        raise CorpusError(f"{where}: no such recording: {row['file']}")
    if not text:
        raise CorpusError(f"{where}: no text")
    try:
        entities: Any = json.loads(row.get("entities") or "{}")
        places, phone = tuple(map(str, entities.get("place", ()))), str(entities.get("phone", ""))
    except (ValueError, AttributeError, TypeError) as error:
        raise CorpusError(f"{where}: entities: {error}") from error
    return Clip(path, text, (row.get("city") or "").strip(), places, phone)


def names(city: str, source: Path | None) -> tuple[Name, ...]:
    """The gazetteer for a city's recordings: the file; of a folder the city's (东营.yaml, dongying.yaml), else all. Raises GazetteerError."""
    if source is None:
        return ()
    if not source.is_dir():
        return gazetteer.read(source)
    own = [source / f"{name}.yaml" for name in (city, _pinyin(city)) if name]
    files = [path for path in own if path.is_file()][:1] or sorted(source.glob("*.yaml"))
    if not files:
        raise GazetteerError(f"{source}: no gazetteer (*.yaml) in this folder")
    return _once(name for path in files for name in gazetteer.read(path))


def beside(folder: Path) -> Path | None:
    """A gazetteer that lies with the corpus: gazetteer.yaml in it, or a folder gazetteer in it or up to two above it."""
    folder = folder.resolve()
    places = (folder / gazetteer.FILE, *(parent / "gazetteer" for parent in (folder, *list(folder.parents)[:2])))
    return next((place for place in places if place.exists()), None)


def places_of(clip: Clip, known: Iterable[Name]) -> tuple[str, ...]:
    """What the table says, or else the gazetteer's places that were said."""
    return clip.places or tuple(name.text for name in known if name.kind == PLACE and name.text in clip.text)


def _pinyin(city: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(city)) if city else ""


def _once(found: Iterable[Name]) -> tuple[Name, ...]:
    return tuple({name.text: name for name in found}.values())
