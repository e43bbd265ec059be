"""The published versions of a city's menus: immutable copies, one of them current, compiled for Asterisk beside it.

    HOME/menus/3/                        menus.yaml … prompts.yaml as they were, meta.json: author, note, time
    HOME/menus/3/sounds.json             what its prompts sounded like (hotline/spoken.py)
    HOME/menus/current                   the number of the version new calls get
    HOME/asterisk/etc/menus/v3.conf      its native contexts, until its last call has ended (hotline/retired.py)
    HOME/asterisk/etc/menus/current.conf the number table

Everything is written beside its place, flushed and renamed: a reader sees a whole version or none.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import structlog

from hotline import files as whole
from hotline import spoken
from hotline.bases import Bases
from hotline.city_folder import PublishError, texts
from hotline.settings import Settings
from ivr import dialplan, difference
from ivr.calendar import FOLDER as CALENDAR
from ivr.faults import CityRefused
from ivr.loading import check, load
from ivr.model import City
from ivr.stories import FOLDER as STORIES
from speech.choosing import meaning

log = structlog.get_logger(__name__)

LOCK_LIMIT_SECONDS = 10
LONGEST_NOTE = 500  # characters
MOST_CHANGES_SHOWN = 5


class BaseChanged(PublishError):
    """Somebody published or rolled back since these files were last the current version; the message says who and what."""


class NoPointer(PublishError):
    """Which version is current cannot be read; the versions are there."""


class NoSuchVersion(PublishError, LookupError):
    """A version that was never published here, or that this program cannot use."""


@dataclass(frozen=True)
class Version:
    """One published version."""

    number: int
    author: str
    note: str
    published_at: str
    changes: tuple[str, ...] = ()  # against the version that was current, in words
    before: int | None = None  # that version
    current: bool = False


class Store:
    """The versions of one hotline."""

    def __init__(self, home: Path, *, menu: bool = True) -> None:
        self._folder = home / "menus"
        self._compiled = home / "asterisk" / "etc" / "menus"
        self._menu = menu
        self._spoken = spoken.Spoken(home)

    @classmethod
    def of(cls, settings: Settings) -> Store:
        return cls(settings.home, menu=settings.file.menu.enabled)

    def publish(self, files: Mapping[str, str], note: str, author: str, now: datetime, *, base: int | None = None) -> Version:
        """Makes the texts the current version. Raises CityRefused with the faults, or PublishError.

        `base` is the version that was edited: where another is current by now, its changes would be lost (BaseChanged).
        """
        note = " ".join(note.split())
        if not note or len(note) > LONGEST_NOTE:
            raise PublishError(f"a note is needed: what changed, in at most {LONGEST_NOTE} characters")
        if faults := check(files, meaning):
            raise CityRefused(faults)
        with self._locked():
            self._still(base)
            city, number = load(files), max(self._numbers(), default=0) + 1
            sounds = self._spoken.keep(city.prompts)
            changes, before = self._changes(city, sounds), self.current()
            version = Version(number, author, note, now.isoformat(timespec="seconds"), changes, before)
            self._write_version(version, {**files, spoken.FILE: spoken.written(sounds)})
            self._make_current(number)
        return self._version(number)

    def rollback(self, number: int | None = None) -> Version:
        """Makes an older version current again; without a number, the one that the current one replaced. Raises PublishError."""
        with self._locked():
            number = self._before() if number is None else number
            if number not in self._numbers():
                raise PublishError(f"there is no version {number}" if number else "there is no version before the current one")
            self._make_current(number)
        return self._version(number)

    def refresh(self) -> None:
        """Writes the compiled files again: after a change of settings, or where they were lost."""
        with self._locked():
            if (current := self.current()) is not None:
                self._make_current(current)

    def current(self) -> int | None:
        """The version that new calls get; None when nothing was published yet."""
        try:
            return int((self._folder / "current").read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            way_out = "`hotline rollback N` makes a version current again"
            raise NoPointer(f"{self._folder / 'current'}: holds no version number; {way_out}") from error

    def mend(self) -> int | None:
        """Where the current version is damaged, the newest whole one is made current: its number, or None when none is whole."""
        with self._locked():
            for number in sorted(self._numbers(), reverse=True):
                with suppress(NoSuchVersion):
                    self.load(number)
                    self._make_current(number)
                    return number
        return None

    def versions(self) -> list[Version]:
        """All of them, the newest first."""
        return [self._version(number) for number in sorted(self._numbers(), reverse=True)]

    def retired(self) -> set[int]:
        """Versions that no new call gets, and that are still there for calls which began in them."""
        compiled = {int(path.stem[1:]) for path in self._compiled.glob("v*.conf") if path.stem[1:].isdecimal()}
        return (compiled | self._spoken.linked()) - {self.current()}

    def current_since(self) -> float:
        """When the current version became it, in Unix seconds. Raises OSError."""
        return (self._folder / "current").stat().st_mtime

    def forget(self, numbers: set[int]) -> None:
        """Takes these away from Asterisk; a rollback compiles and links them again. Raises PublishError."""
        with self._locked():
            for number in numbers - {self.current()}:
                (self._compiled / f"v{number}.conf").unlink(missing_ok=True)
                self._spoken.unlink(number)

    def unpublished_sounds(self) -> tuple[str, ...]:
        """What was rendered or recorded since the current version was published, in words. Raises PublishError, OSError."""
        if (current := self.current()) is None or (before := spoken.read(self._folder / str(current))) is None:
            return ()
        return tuple(spoken.words(before, self._spoken.prepared(self.load(current).prompts)))

    def load(self, number: int) -> City:
        """A version as calls use it, kept in memory: it never changes. Raises NoSuchVersion."""
        return _load(self._folder / str(number))

    def _still(self, base: int | None) -> None:
        current = self.current()
        if base is None or current is None or base == current:
            return
        now = self._version(current)
        how = "was published" if current > base else "was made current again"
        changes = "; it changed: " + ", ".join(now.changes[:MOST_CHANGES_SHOWN]) if current > base and now.changes else ""
        raise BaseChanged(
            f"these files are edited from version {base}, but since then version {current} {how} "
            f"({now.author}, {now.published_at}: {now.note}){changes}. "
            f"Take that into your files and publish with --base {current}, or overwrite it with --force"
        )

    def _before(self) -> int:
        """0 where there is none. Not simply one less: that may be a version that was taken back before."""
        current = self.current()
        if current is None:
            return 0
        return self._version(current).before or max((known for known in self._numbers() if known < current), default=0)

    def _changes(self, city: City, sounds: spoken.Sounds) -> tuple[str, ...]:
        current = self.current()
        if current is None:
            return ()
        before = spoken.read(self._folder / str(current))
        heard = () if before is None else tuple(spoken.words(before, sounds))
        try:
            return (*difference.words(self.load(current), city), *heard)
        except NoSuchVersion:
            return ("the version before cannot be read any more", *heard)

    def _numbers(self) -> set[int]:
        if not self._folder.is_dir():
            return set()
        return {int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()}

    def _version(self, number: int) -> Version:
        path = self._folder / str(number) / "meta.json"
        try:
            meta = json.loads(path.read_text(encoding="utf-8"))
            return Version(**{**meta, "changes": tuple(meta.get("changes", ()))}, current=number == self.current())
        except (OSError, ValueError, TypeError) as error:
            raise PublishError(f"{path}: {error}") from error

    def _write_version(self, version: Version, files: Mapping[str, str]) -> None:
        unfinished = self._folder / f".{version.number}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / CALENDAR).mkdir(parents=True)
        meta = {key: value for key, value in asdict(version).items() if key != "current"}
        kept = {name: text for name, text in files.items() if not name.startswith(STORIES)}
        for name, text in {**kept, "meta.json": json.dumps(meta, ensure_ascii=False, indent=2) + "\n"}.items():
            whole.write(unfinished / name, text.encode(), mode=0o444)
        whole.flush(unfinished / CALENDAR)
        whole.flush(unfinished)
        unfinished.rename(self._folder / str(version.number))
        whole.flush(self._folder)

    def _make_current(self, number: int) -> None:
        """Compiled first, then pointed at: whoever reads the number finds the contexts and the sounds."""
        city = self.load(number)
        self._spoken.link(number, spoken.read(self._folder / str(number)) or {})
        whole.replace(self._compiled / f"v{number}.conf", dialplan.compile(city, number).encode())
        whole.replace(self._compiled / "current.conf", dialplan.compile_numbers(city, number, menu=self._menu).encode())
        whole.replace(self._folder / "current", f"{number}\n".encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One publisher at a time; a second one waits for the first, which writes a few small files."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole.locked(self._folder / ".lock", LOCK_LIMIT_SECONDS):
                yield
        except whole.Busy:
            raise PublishError(f"somebody else has been publishing for {LOCK_LIMIT_SECONDS} seconds; try again") from None
        except OSError as error:  # a full disk, a folder of somebody else: the version before stays current
            raise PublishError(f"{error.filename or self._folder}: {error.strerror or error}") from error


def publish(
    settings: Settings, note: str, *, folder: Path | None = None, author: str | None = None, base: int | None = None, force: bool = False
) -> Version:
    """Publishes a folder, or the one that `settings` name. Raises CityRefused or PublishError. `hotline.reload.menus` tells Asterisk.

    A folder is edited from the version that was last published from it, unless `base` says otherwise; `force` asks nothing.
    """
    city, store, bases = folder or settings.city, Store.of(settings), Bases(settings.home)
    edited_from = None if force else base or bases.of(city)
    if edited_from is None and not force and bases.any():
        raise BaseChanged(f"{city} was never published here: say which version it was copied from with --base (now {store.current()} is current)")
    published = store.publish(texts(city), note, author or whoever(), datetime.now().astimezone(), base=edited_from)
    try:
        bases.note(city, published.number)
    except OSError as error:
        raise PublishError(f"version {published.number} is current, but {error.filename}: {error.strerror or error}") from error
    return published


def ensure_published(settings: Settings) -> None:
    """What `hotline run` needs before it takes calls: a current version, compiled with today's settings. Raises PublishError."""
    store = Store.of(settings)
    try:
        if store.current() is not None:
            store.refresh()
            return
    except (NoPointer, NoSuchVersion) as damage:
        if (whole_one := store.mend()) is None:
            raise
        log.error("the current menus are damaged; callers get the newest version that is whole", reason=str(damage), version=whole_one)
        return
    try:
        publish(settings, "first version")
    except CityRefused as refused:
        raise PublishError(f"the menus in {settings.city} cannot be published:\n{refused}") from refused


def whoever() -> str:
    """The author of a version: who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return str(os.getuid())


@lru_cache(maxsize=16)
def _load(folder: Path) -> City:
    if not folder.is_dir():
        raise NoSuchVersion(f"there is no version {folder.name}")
    try:
        return load(texts(folder, published=True))
    except (CityRefused, PublishError) as refused:  # published by another release of this program, or damaged
        raise NoSuchVersion(f"version {folder.name} cannot be used:\n{refused}") from refused
