"""`hotline backup`: everything a hotline could not make again, in one private archive, while calls go on.

The order is what keeps it whole. A message goes from the spool's tmp/ to new/, then its files are kept, then its row
is written, then the spool's copy goes. So the spool is read first, the database next, the files last: whatever was
there at the beginning is in the archive at least once, and the register knows an item it has seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO

from hotline import database_copy
from hotline.passphrase import sealing
from hotline.settings import Settings
from tickets.persons import keys_stay

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
BEFORE_DATABASE = ("run/queue_log.bookmark", "spool/tmp", "spool/new", "spool/messages")
QUEUE_LOG = "asterisk/log"
ONLY = {QUEUE_LOG: "queue_log*"}  # the rest of Asterisk's log tells nothing that counts
NOT_PACKED = frozenset({"downloads", "bench", "demo", "fuzz", "log", "run", "spool", "asterisk"})
"""Made again by the program, or packed in its own way above. Everything else in a home is kept, whoever put it there."""
PASSING = (".part", ".lock", ".tar.gz")  # on their way to a name; archives like this one
COMPRESSION = 3  # sound hardly shrinks, and callers need the processor too

Tell = Callable[[int, int], None]
"""Called with the bytes that are done and those there are."""


class BackupError(Exception):
    """No archive was written; the message says why."""


def write(settings: Settings, target: Path, tell: Tell = lambda _done, _all: None, passphrase: str = "") -> dict[str, object]:
    """Writes the archive, encrypted where a passphrase is given, and returns its manifest. Raises BackupError; nothing is overwritten."""
    if target.exists():
        raise BackupError(f"{target} is there already")
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, keys_stay(settings.home):
            if passphrase:
                sealed = sealing(file, passphrase)
                manifest = _archive(settings, sealed, part.parent, tell)  # type: ignore[arg-type]
                sealed.finish()
            else:
                manifest = _archive(settings, file, part.parent, tell)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except (OSError, ValueError, database_copy.CopyError, tarfile.TarError) as error:
        raise BackupError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _archive(settings: Settings, file: IO[bytes], beside: Path, tell: Tell) -> dict[str, object]:
    after = (QUEUE_LOG, *_kept(settings))
    whole = sum(path.stat().st_size for name in (*BEFORE_DATABASE, *after) for _, path in _files(settings.home, name))
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION) as archive:
        pack = Pack(archive, whole, tell)
        for name in BEFORE_DATABASE:
            pack.add_all(_files(settings.home, name))
        with tempfile.TemporaryDirectory(prefix=".hotline-backup-", dir=beside) as folder:
            database_copy.copy_out(settings.database_url, Path(folder))
            pack.add_all((f"{DATABASE}/{path.name}", path) for path in sorted(Path(folder).iterdir()))
        for name in after:
            pack.add_all(_files(settings.home, name))
        manifest: dict[str, object] = {
            "format": FORMAT,
            "program": version("hotline12345"),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": database_copy.kind(settings.database_url),
            "outside": outside(settings),
            "files": pack.seen,
        }
        pack.add_text(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def _kept(settings: Settings) -> list[str]:
    """What lies in the home, without what is packed in another way."""
    live = database_copy.files(settings.database_url)
    names = sorted(path.name for path in settings.home.iterdir() if path.resolve() not in live)
    return [name for name in names if name not in NOT_PACKED and _counts(name, None)]


def outside(settings: Settings) -> list[str]:
    """Files the settings name that lie elsewhere: they are somebody else's to keep, so they are named and not packed."""
    tls = settings.file.tls
    named = [settings.file.case_system.secret_file, settings.file.case_system.callback_secret_file, tls.certificate_file, tls.key_file, tls.trusted_file, *(carrier.secret_file for carrier in settings.file.sip.registrations)]
    paths = [(settings.home / name).resolve() for name in named if name]
    return [str(path) for path in paths if not path.is_relative_to(settings.home)]


class Pack:
    """An archive being written; `seen` is what its manifest says of each file."""

    def __init__(self, archive: tarfile.TarFile, whole: int, tell: Tell) -> None:
        self.seen: dict[str, dict[str, object]] = {}
        self._archive = archive
        self._whole = whole
        self._done = 0
        self._tell = tell

    def add_all(self, files: Iterator[tuple[str, Path]]) -> None:
        for name, path in files:
            with contextlib.suppress(FileNotFoundError):  # a message that moved on is met again where it went
                self._add(name, path)

    def _add(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            member = _member(name, about.st_size, about.st_mtime, about.st_mode)
            reader = Reader(file)
            self._archive.addfile(member, reader)  # type: ignore[arg-type]
        self.seen[name] = {"size": about.st_size, "sha256": reader.digest.hexdigest()}
        self._done += about.st_size
        self._tell(self._done, max(self._whole, self._done))

    def add_text(self, name: str, text: str) -> None:
        data = text.encode()
        self._archive.addfile(_member(name, len(data), datetime.now(UTC).timestamp(), 0o600), io.BytesIO(data))


class Reader:
    """Reads a file once, for the archive and its digest. What is appended meanwhile stays out."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _member(name: str, size: int, mtime: float, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(mtime), mode & 0o700
    return member


def _files(home: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Each regular file below a name of the home. The folder itself may be a link to another disk; links in it are not followed."""
    top = home / name
    if top.is_file():
        yield name, top
        return
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
        for entry in sorted(files):
            path = Path(folder) / entry
            if _counts(entry, ONLY.get(name)) and path.is_file() and not path.is_symlink():
                yield str(PurePosixPath(name) / path.relative_to(top)), path


def _counts(entry: str, pattern: str | None) -> bool:
    if entry.startswith(".") or entry.endswith(PASSING):
        return False
    return pattern is None or PurePosixPath(entry).match(pattern)
