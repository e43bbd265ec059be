"""Models that lie on this machine already: a folder, or a zip of one. Nothing in a zip is trusted."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from speech.store import ModelDamaged, ModelMissing

MOST_FILES = 10_000
MOST_BYTES = 16 * 1024**3
BLOCK = 1 << 20


def copy(source: Path, into: Path) -> None:
    """The model in a folder or zip. Raises ModelMissing, ModelDamaged, OSError."""
    if source.is_dir():
        shutil.copytree(source, into, dirs_exist_ok=True, symlinks=False)
    elif source.is_file():
        extract(source, {top_of(source): ""}, into)
    else:
        raise ModelMissing(f"{source}: neither a folder nor a file")


def extract(path: Path, takes: Mapping[str, str], into: Path) -> None:
    """Members of a zip by the places they go to (a source ending in "/" is a folder); a second with one target is appended."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(path) as package:
            wanted = [(member, target) for member in package.namelist() if (target := _target(member, takes)) is not None]
            if len(wanted) > MOST_FILES:
                raise ModelDamaged(f"{path.name}: {len(wanted)} files; no model has more than {MOST_FILES}")
            for member, target in wanted:
                place = into / target
                place.parent.mkdir(parents=True, exist_ok=True)
                with package.open(member) as source, place.open("ab") as out:
                    while block := source.read(BLOCK):
                        left -= len(block)  # counted here: what a zip says of its sizes may be a lie
                        if left < 0:
                            raise ModelDamaged(f"{path.name}: more than {MOST_BYTES} bytes unpacked")
                        out.write(block)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:  # the last two: ways of packing, passwords
        raise ModelDamaged(f"{path.name}: {error}") from error


def top_of(path: Path) -> str:
    """The single folder that everything in a zip lies in, with its slash; empty where there is none."""
    try:
        with zipfile.ZipFile(path) as package:
            tops = {PurePosixPath(name).parts[0] for name in package.namelist() if not name.startswith("__MACOSX") and PurePosixPath(name).parts}
            inside = all("/" in name for name in package.namelist())
    except zipfile.BadZipFile as error:
        raise ModelDamaged(f"{path.name}: {error}") from error
    return f"{tops.pop()}/" if len(tops) == 1 and inside else ""


def _target(member: str, takes: Mapping[str, str]) -> str | None:
    """Where a member goes; None for what is not taken. A name that climbs out of the folder is never taken."""
    if member.endswith("/") or ".." in PurePosixPath(member).parts or member.startswith("/"):
        return None
    if member in takes:
        return takes[member]
    for source, target in takes.items():
        if (source.endswith("/") and member.startswith(source)) or not source:
            return target + member.removeprefix(source)
    return None
