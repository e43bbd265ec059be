"""What callers leave behind lands here first: messages and faxes on disk, safe before anything else knows of them.

    tmp/ITEM.json + tmp/ITEM.wav|.tif     being recorded        (`open`)
    new/ITEM/item.json + audio.wav|fax.tif  waiting for a ticket  (`close`, or `recover` after a crash)

Standard library only: the script that Asterisk starts at the end of each call imports this and must be quick.
Every step can be killed and taken up again by `recover`; a lock keeps the script and the recovery scan apart.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tickets import locks
from tickets.files import flush
from tickets.item import MEDIA, SAFE_ID, TEXT_FACTS, Item, SpoolError, SpoolFull, moment, new_id, plain, zoned
from tickets.process import identity, is_open, lives
from tickets.wav import repair

STALE_SECONDS = {"voicemail": 60.0, "fax": 180.0}  # a fax shows no file until its first page begins
TURN_SECONDS = 0.02  # between two items of a recovery: longer than a script that waits takes to look again
UNFINISHED = (".json", ".d", ".wav", ".tif")


def _unsaid(name: str, error: Exception) -> None:
    """For those who do not want to know what could not be recovered."""


def messages(spool: Path) -> Path:
    """Where Asterisk lays down short messages that came by SIP (tickets/sip_messages.py)."""
    return spool / "messages"


@dataclass(frozen=True)
class Spool:
    """The folder, and everything that may be done in it."""

    root: Path
    minimum_free_mb: int = 0

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def new(self) -> Path:
        return self.root / "new"

    def prepare(self) -> None:
        """Makes the folders, for their owner only."""
        for folder in (self.root, self.tmp, self.new, messages(self.root)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def free_mb(self) -> int:
        """Room on the spool's disk for an unprivileged writer."""
        disk = os.statvfs(self.root)
        return disk.f_bavail * disk.f_frsize // (1 << 20)

    def has_room(self) -> bool:
        return self.free_mb() >= self.minimum_free_mb

    def media(self, item: Item) -> Path:
        """Where Asterisk writes the sound or the pages while the call lasts."""
        return self.tmp / f"{item.item}{MEDIA[item.kind][0]}"

    def open(self, kind: str, facts: Mapping[str, str], asterisk_pid: int | None = None) -> Item:
        """Notes who calls and why, on disk, before recording starts. Raises SpoolFull.

        `facts` are Item's text fields (linkedid, uniqueid, caller, caller_name, called, path, type, version,
        language, reason, category, reference); others are ignored. `asterisk_pid`: for a script that Asterisk starts, os.getppid().
        """
        if kind not in MEDIA:
            raise SpoolError(f"{kind!r} is neither of {', '.join(MEDIA)}")
        try:
            self.prepare()
            if not self.has_room():
                raise SpoolFull(f"{self.root}: {self.free_mb()} MB free, {self.minimum_free_mb} MB wanted")
            text: dict[str, Any] = {name: plain(facts.get(name, "")) for name in TEXT_FACTS}
            item = Item(item=new_id(), kind=kind, opened_at=moment(), asterisk=identity(asterisk_pid), **text)
            self._write(item)
        except OSError as error:
            raise SpoolFull(f"{self.root}: {error.strerror}") from error
        return item

    def close(
        self, item_id: str, *, hangup: bool = False, record_status: str = "", fax: Mapping[str, str] | None = None
    ) -> Path:
        """The caller is done: flushes the file and moves the item to new/. Returns its folder; harmless twice."""
        if not SAFE_ID.fullmatch(item_id):
            raise SpoolError(f"{item_id!r} is not an item's name")
        with self.locked():
            if (self.new / item_id).is_dir():
                return self.new / item_id
            item = replace(
                self._load(item_id),
                closed_at=moment(),
                hangup=hangup,
                record_status=plain(record_status),
                fax={name: plain(value) for name, value in (fax or {}).items()},
            )
            return self._finish(item)

    def waiting(self) -> list[Item]:
        """The items in new/, oldest first."""
        if not self.new.is_dir():
            return []
        folders = [folder for folder in self.new.iterdir() if SAFE_ID.fullmatch(folder.name)]
        found = [item for item in map(self._arrived, folders) if item is not None]
        return sorted(found, key=lambda item: (item.opened_at, item.item))

    def folder(self, item: Item) -> Path:
        return self.new / item.item

    def discard(self, item: Item) -> None:
        """Removes an item whose ticket and files are safely stored elsewhere. Harmless twice."""
        folder = self.folder(item)
        for name in (item.media_name, "item.json"):  # the description last: until then it can be adopted again
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                (folder / name).unlink()
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
            self._put_aside(folder)

    @contextlib.contextmanager
    def held(self, item: Item) -> Iterator[bool]:
        """Whether the item in new/ is ours alone until the block ends; False when another has it, or it is gone."""
        try:
            handle = os.open(self.folder(item), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            yield False
            return
        try:
            yield locks.tried(handle) and self.folder(item).is_dir()
        finally:
            os.close(handle)

    def recover(self, now: float | None = None, failed: Callable[[str, Exception], None] = _unsaid) -> list[Item]:
        """Moves to new/ what a crash left in tmp/, marked truncated; what is still being recorded stays.

        An item that cannot be moved stays for the next time; `failed` is told its name and why.
        """
        if not self.tmp.is_dir():
            return []
        at = time.time() if now is None else now
        recovered = []
        with self.locked():
            self._sweep(at)
        for name in self._unfinished():
            time.sleep(TURN_SECONDS)
            try:
                with self.locked():
                    item = self._recover(name, at)
            except (OSError, SpoolError) as error:
                failed(name, error)
                continue
            recovered += [item] if item else []
        return recovered

    def _recover(self, name: str, now: float) -> Item | None:
        if not any((self.tmp / f"{name}{end}").exists() for end in UNFINISHED):
            return None  # closed since it was listed
        try:
            item = self._load(name)
        except SpoolError:
            item = self._orphan(name)
        if not item.closed_at:  # otherwise the script died between closing and moving: nothing of the message is missing
            if not self._is_abandoned(item, now):
                return None
            item = replace(item, truncated=True, closed_at=moment(), hangup=True)
        self._finish(item)
        return item

    def _load(self, item_id: str) -> Item:
        for path in (self._half_moved(item_id) / "item.json", self.tmp / f"{item_id}.json"):
            if path.is_file():
                return Item.load(path)
        raise SpoolError(f"{self.root}: no item {item_id}")

    def _half_moved(self, item_id: str) -> Path:
        return self.tmp / f"{item_id}.d"

    def _finish(self, item: Item) -> Path:
        """Every step leaves a state from which `recover` can do the rest."""
        staging = self._half_moved(item.item)
        if not (staging / "item.json").is_file():
            self._write(item)
        staging.mkdir(mode=0o700, exist_ok=True)
        media, kept = self.media(item), staging / item.media_name
        if media.is_file():
            media.rename(kept)
        if kept.is_file():
            if item.kind == "voicemail":
                repair(kept)
            flush(kept)
        description = self.tmp / f"{item.item}.json"
        if description.is_file():
            description.rename(staging / "item.json")
        flush(staging)
        target = self.new / item.item
        staging.rename(target)
        flush(self.new)
        flush(self.tmp)
        return target

    def _unfinished(self) -> list[str]:
        names = {p.stem for end in UNFINISHED for p in self.tmp.glob(f"*{end}")}
        return sorted(name for name in names if SAFE_ID.fullmatch(name))

    def _put_aside(self, folder: Path) -> None:
        """What others laid into an item's folder is nobody's message; a person may want it."""
        aside = self.root / "aside"
        aside.mkdir(mode=0o700, exist_ok=True)
        folder.rename(aside / f"{folder.name}.{new_id()}")

    def _orphan(self, name: str) -> Item:
        """A file without a description: the script could not run, the recording is there all the same."""
        kind = "fax" if (self.tmp / f"{name}.tif").is_file() else "voicemail"
        return Item(item=name, kind=kind, uniqueid=name, linkedid=name, opened_at=self._began(name), reason="orphan")

    def _began(self, name: str) -> str:
        files = [p for p in self.tmp.glob(f"{name}.*") if p.stem == name]
        return zoned(min((p.stat().st_mtime for p in files), default=time.time()))

    def _arrived(self, folder: Path) -> Item | None:
        with contextlib.suppress(OSError, SpoolError):
            return Item.load(folder / "item.json")
        try:  # its description was damaged by a power cut: the message still counts
            began = zoned(folder.stat().st_mtime)
        except FileNotFoundError:  # adopted meanwhile
            return None
        kind = "fax" if (folder / "fax.tif").is_file() else "voicemail"
        return Item(item=folder.name, kind=kind, opened_at=began, closed_at=began, truncated=True, reason="orphan")

    def _is_abandoned(self, item: Item, now: float) -> bool:
        media = self.media(item)
        alive = lives(item.asterisk)
        if alive is False:
            return True
        files = [p for p in (media, self.tmp / f"{item.item}.json") if p.is_file()]
        changed = max((p.stat().st_mtime for p in files), default=0.0)
        return now - changed >= STALE_SECONDS[item.kind] and not is_open(media, item.asterisk)

    def _write(self, item: Item) -> None:
        path = self.tmp / f"{item.item}.json"
        draft = path.with_suffix(".draft")
        with _private(draft) as file:
            file.write(json.dumps(asdict(item), ensure_ascii=False).encode("utf-8", "replace"))
        draft.rename(path)
        flush(self.tmp)

    def _sweep(self, now: float) -> None:
        for draft in self.tmp.glob("*.draft"):  # a description whose writer died: the call went on without it
            with contextlib.suppress(OSError):  # gone meanwhile, or no file: in nobody's way
                if now - draft.stat().st_mtime >= STALE_SECONDS["voicemail"]:
                    draft.unlink()

    @contextlib.contextmanager
    def locked(self, name: str = ".lock") -> Iterator[None]:
        """Keeps other processes and threads out of the same work for a moment."""
        self.prepare()
        handle = os.open(self.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not locks.taken(handle):
                raise SpoolError(f"{self.root}: locked for more than {locks.LONGEST_SECONDS:.0f} s")
            yield
        finally:
            os.close(handle)  # closing releases it, and so does dying


@contextlib.contextmanager
def _private(path: Path) -> Iterator[Any]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
