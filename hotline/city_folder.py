"""A city's folder as texts: what an administrator edits, or what a published version kept of it."""

from __future__ import annotations

from pathlib import Path

from hotline.settings import DIALPLANS
from ivr.calendar import FOLDER as CALENDAR
from ivr.reading import FILES, OPTIONAL
from ivr.source import LARGEST_FILE
from ivr.stories import FOLDER as STORIES


class PublishError(Exception):
    """A version cannot be published, found or rolled back; the message says why."""


def texts(folder: Path, *, published: bool = False) -> dict[str, str]:
    """The files of a city's folder, its stories and the calendar, as text. Missing ones are left out: the check names them.

    The calendar of years stands beside the cities, or in a city that needs one of its own; a published version has
    its own and no other. Raises PublishError.
    """
    if not folder.is_dir():
        raise PublishError(f"{folder}: no such folder")
    calendars = [folder / CALENDAR, *([] if published else [folder.parent / CALENDAR, DIALPLANS / CALENDAR])]
    calendar = next((known for known in calendars if known.is_dir()), folder / CALENDAR)
    stories = {f"{STORIES}{path.name}": path for path in sorted((folder / STORIES).glob("*.yaml"))}
    years = {f"{CALENDAR}{path.name}": path for path in sorted(calendar.glob("*.yaml"))}
    files = {name: folder / name for name in (*FILES, *OPTIONAL) if (folder / name).exists()}
    files |= {path.name: path for path in sorted(folder.glob("prompts.*.yaml"))}
    return {name: _read(path) for name, path in (files | stories | years).items()}


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(f"{path}: {error}") from error
