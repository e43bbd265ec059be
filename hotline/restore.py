"""`hotline restore`: an archive of `hotline backup` into a home that has nothing yet, checked before it counts.

An archive may have been anywhere. Only regular files are taken from it, with plain names below the home, none where
programs or running state lie (stricter than tarfile's data filter), each against the manifest's digest; all of it is unpacked beside the home and moved there
at the end, so a broken one leaves nothing behind.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hotline import database_copy
from hotline.backup import BEFORE_DATABASE, DATABASE, FORMAT, MANIFEST, NOT_PACKED, QUEUE_LOG, Tell
from hotline.passphrase import opened
from hotline.settings import Settings, SettingsError

FROM_CLOSED = (*BEFORE_DATABASE, f"{QUEUE_LOG}/queue_log")  # all that may come from folders that are not packed
MADE_AGAIN = {"downloads", "bench", "demo", "fuzz", "log", "sounds"}  # may be in the home: setup and trying out make them
MOST_FILES = 20_000_000
LARGEST_MANIFEST = 1 << 30
LONGEST_NAME = 400
PIECE = 1 << 20


class RestoreError(Exception):
    """Nothing was restored; the message says why."""


def read(archive: Path, home: Path, environ: Mapping[str, str], tell: Tell = lambda _done, _all: None, passphrase: str = "") -> dict[str, Any]:
    """Restores into the home and the database that `environ` names; returns the manifest. Raises RestoreError."""
    try:
        _refuse_data(home)
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{home.name}.restoring-", dir=home.parent) as folder:
            staging = Path(folder) / "home"
            staging.mkdir(mode=0o700)
            manifest = _unpack(archive, staging, tell, passphrase)
            _tidy_spool(staging / "spool")
            _close(staging)
            _database(staging, home, manifest, environ)
            _move(staging, home)
    except (OSError, EOFError, tarfile.TarError, zlib.error, database_copy.CopyError, SettingsError) as error:
        raise RestoreError(f"{archive}: {error}") from error
    return manifest


def _refuse_data(home: Path) -> None:
    if not home.exists():
        return
    if found := sorted({entry.name for entry in home.iterdir()} - MADE_AGAIN):
        raise RestoreError(f"{home} holds data already ({', '.join(found[:8])}): restore --into an empty folder, or move that away")


def _unpack(archive: Path, staging: Path, tell: Tell, passphrase: str) -> dict[str, Any]:
    """Every file of the archive, whole and as the manifest says."""
    seen: dict[str, dict[str, object]] = {}
    whole, manifest = archive.stat().st_size, None
    with archive.open("rb") as file, gzip.open(opened(file, passphrase)) as plain, tarfile.open(fileobj=plain, mode="r:") as members:
        for member in members:
            if manifest is not None or len(seen) >= MOST_FILES:
                raise RestoreError(f"{archive}: something stands behind its manifest")
            data = members.extractfile(member) if member.isreg() else None
            if data is None:
                raise RestoreError(f"{archive}: {member.name[:80]!r} is not a regular file")
            if member.name == MANIFEST:
                manifest = _manifest(member, data)
                continue
            path = _place(staging, member)
            seen[member.name] = {"size": member.size, "sha256": _write(path, data, member)}
            tell(min(file.tell(), whole), whole)
        while plain.read(PIECE):  # up to gzip's own check of the whole
            continue
    if manifest is None:
        raise RestoreError(f"{archive} has no manifest: it is not a backup of a hotline, or not whole")
    if wrong := sorted(name for name in {*seen, *manifest["files"]} if seen.get(name) != manifest["files"].get(name)):
        raise RestoreError(f"{archive}: {wrong[0]} is not as the manifest says ({len(wrong)} such files)")
    return manifest


def _place(staging: Path, member: tarfile.TarInfo) -> Path:
    name = member.name
    parts = PurePosixPath(name).parts
    plain = name == "/".join(parts) and ".." not in parts and "\0" not in name and len(name) <= LONGEST_NAME
    if not plain or parts[0].startswith(".") or (parts[0] in NOT_PACKED and not name.startswith(FROM_CLOSED)):
        raise RestoreError(f"{name[:80]!r} has no place in a hotline's home")
    return staging.joinpath(*parts)


def _write(path: Path, data: IO[bytes], member: tarfile.TarInfo) -> str:
    """The file's digest, when it is on the disk."""
    if member.size > shutil.disk_usage(path.anchor if not path.parent.exists() else path.parent).free:
        raise RestoreError(f"{member.name}: no room for its {member.size} bytes")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise RestoreError(f"{member.name} is there twice") from None
    with os.fdopen(descriptor, "wb") as file:
        while piece := data.read(PIECE):
            digest.update(piece)
            file.write(piece)
        os.utime(file.fileno(), (member.mtime, member.mtime))
        os.fchmod(file.fileno(), 0o400 | member.mode & 0o200)
    return digest.hexdigest()


def _manifest(member: tarfile.TarInfo, data: IO[bytes]) -> dict[str, Any]:
    if member.size > LARGEST_MANIFEST:
        raise RestoreError("a manifest without end")
    try:
        manifest = json.loads(data.read())
        if manifest["format"] != FORMAT:
            raise RestoreError(f"an archive of form {manifest['format']!r}; this program reads {FORMAT}")
        if not isinstance(manifest["files"], dict):
            raise ValueError("files")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RestoreError(f"its manifest cannot be read: {error!r}") from error
    checked: dict[str, Any] = manifest
    return checked


def _tidy_spool(spool: Path) -> None:
    """A message that was packed while it was recorded, and again when it was whole: the whole one counts."""
    for item in (spool / "new").glob("*"):
        if (item / "item.json").exists():
            for half in (spool / "tmp").glob(f"{item.name}.*"):
                half.unlink()


def _close(staging: Path) -> None:
    """To everybody but the owner: what lies in between was made by the way."""
    for folder, _, _ in os.walk(staging):
        Path(folder).chmod(0o700)


def _database(staging: Path, home: Path, manifest: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Into the file that will lie in the home, or where the settings say. Its kind must be the archive's."""
    folder = staging / DATABASE
    settings = Settings.load({**environ, "HOTLINE_HOME": str(staging)})  # so that a settings file that is refused is found now
    own = not environ.get("HOTLINE_DATABASE_URL")
    if database_copy.kind(settings.database_url) != manifest.get("database"):
        raise RestoreError(f"the archive holds a {manifest.get('database')} database: HOTLINE_DATABASE_URL must name one of that kind")
    if not own and not database_copy.is_empty(settings.database_url):
        raise RestoreError("the database that HOTLINE_DATABASE_URL names holds tickets already")
    if folder.exists():
        database_copy.copy_in(settings.database_url, folder)
        shutil.rmtree(folder)


def _move(staging: Path, home: Path) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    for entry in sorted(staging.iterdir()):
        target = home / entry.name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        entry.rename(target)
