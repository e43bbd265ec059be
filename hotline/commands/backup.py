"""`hotline backup` and `hotline restore`: one command each, so that they are done."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hotline.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="the archive to write, .tar.gz; it holds secrets and citizens' voices")],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="under a passphrase, asked for or read from standard input; without it nobody reads the archive")] = False,
) -> None:
    """Write database, spool, recordings, documents, menus, phones, secrets and settings into one file; calls go on."""
    from hotline import backup as archive  # noqa: PLC0415 - the database's packages take seconds to import

    words = _passphrase("passphrase of the archive", confirm=True) if encrypt else ""
    try:
        with _progress("packing") as bar:
            manifest = archive.write(Settings.load(), file.absolute(), bar.tell, words)
    except archive.BackupError as error:
        _refuse(error)
    typer.echo(f"{file}: {len(manifest['files'])} files, {file.stat().st_size / 1e6:.1f} MB")  # type: ignore[arg-type]
    for path in archive.outside(Settings.load()):
        typer.echo(f"not in it, for it lies elsewhere: {path}", err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="an archive of `hotline backup`")],
    into: Annotated[Path | None, typer.Option(help="the folder it becomes (default: HOTLINE_HOME); must have no data")] = None,
) -> None:
    """Make a hotline's home of an archive, each file checked; nothing is overwritten."""
    from hotline import restore as archive  # noqa: PLC0415
    from hotline.passphrase import is_encrypted  # noqa: PLC0415

    home = (into or Settings.load().home).absolute()
    words = _passphrase("passphrase of the archive") if is_encrypted(file) else ""
    try:
        with _progress("unpacking") as bar:
            manifest = archive.read(file.absolute(), home, os.environ, bar.tell, words)
    except archive.RestoreError as error:
        _refuse(error)
    typer.echo(f"{home}: {len(manifest['files'])} files of {manifest['made_at']}")
    typer.echo(f"HOTLINE_HOME={home} hotline run starts it")


def _passphrase(asked: str, confirm: bool = False) -> str:
    """From the terminal, unseen; or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(asked, hide_input=True, confirmation_prompt=confirm, err=True))


class _Bar(Progress):
    """Bytes done, on stderr; gone when it is over."""

    task: TaskID

    def tell(self, done: int, whole: int) -> None:
        self.update(self.task, completed=done, total=whole)


def _progress(what: str) -> _Bar:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = _Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    bar.task = bar.add_task(what, total=None)
    return bar


def _refuse(error: Exception) -> None:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(2)
