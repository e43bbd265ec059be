"""Where models lie and whether they are whole: one folder each, made aside and renamed, with a READY.json written last."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from speech.catalogue import MODELS, Model
from speech.folders import Folders

READY = "READY.json"
LOCK_SECONDS = 1800.0  # another setup may be fetching the same hundreds of megabytes

State = Literal["ready", "absent", "outdated", "damaged"]


class ModelError(Exception):
    """A model cannot be had or used; the message says which and why."""


class ModelMissing(ModelError):
    """It is not on this machine; the message says how to get it."""


class ModelDamaged(ModelError):
    """Its files are not what was fetched."""


@dataclass(frozen=True)
class Found:
    """A model and how it lies on this machine."""

    model: Model
    folder: Path
    state: State


def folder_of(folders: Folders, model: Model) -> Path:
    return folders.downloads / "models" / model.name


def look(folders: Folders, model: Model) -> Found:
    """Whether it is there, judged by its mark and its files' sizes (quick; `verify` reads everything)."""
    folder = folder_of(folders, model)
    mark = _mark(folder)
    if mark is None:
        return Found(model, folder, "absent")
    if mark["revision"] != model.revision:
        return Found(model, folder, "outdated")
    return Found(model, folder, "damaged" if cut_files(folder) else "ready")


def cut_files(folder: Path) -> list[str]:
    """Files that are gone or have another size than when they were fetched. A folder without a mark cannot be judged."""
    mark = _mark(folder)
    if mark is None:
        return []
    faults = []
    for name, entry in mark["files"].items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is gone")
        elif path.stat().st_size != entry["size"]:
            faults.append(f"{name} is cut: {path.stat().st_size} bytes of {entry['size']}")
    return faults


def look_all(folders: Folders) -> list[Found]:
    return [look(folders, model) for model in MODELS]


def ready(folders: Folders, model: Model) -> Path:
    """The folder of a model that can be used. Raises ModelMissing, ModelDamaged."""
    found = look(folders, model)
    match found.state:
        case "ready":
            return found.folder
        case "damaged":
            raise ModelDamaged(f"model {model.name}: files in {found.folder} are cut or gone; `hotline models fetch {model.name}`")
        case _:
            raise ModelMissing(f"model {model.name} is not here; `hotline models fetch {model.name}`")


def verify(folders: Folders, model: Model) -> list[str]:
    """Reads every file against the checksums of the day it was fetched; a line for each fault."""
    folder = folder_of(folders, model)
    mark = _mark(folder)
    if mark is None:
        return [f"{model.name}: not here"]
    faults = []
    for name, entry in mark["files"].items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{model.name}: {name} is gone")
        elif sha256(path) != entry["sha256"]:
            faults.append(f"{model.name}: {name} is not what was fetched (SHA-256 differs)")
    return faults


def write_mark(folder: Path, model: Model) -> None:
    """Lists what a finished folder holds; its presence says that the folder is whole."""
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps({"model": model.name, "revision": model.revision, "files": files}, indent=1)
    (folder / READY).write_text(text + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(folders: Folders, name: str) -> Iterator[None]:
    """One process at a time makes `name`; the others wait and then find it made. Raises ModelError after half an hour."""
    place = folders.downloads / "locks"
    place.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_SECONDS
    with (place / name).open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ModelError(f"{name}: another setup holds it for more than {LOCK_SECONDS:.0f} s") from None
                time.sleep(0.1)
        yield


def _mark(folder: Path) -> dict | None:
    try:
        mark = json.loads((folder / READY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(mark, dict) and isinstance(mark.get("files"), dict) and isinstance(mark.get("revision"), str)
    return mark if whole else None


def fsync_tree(folder: Path) -> None:
    """What was unpacked is on the disk before its rename says so."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
