"""`hotline serve PROCESS`: one process of the running hotline; the supervisor starts them, people rarely."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from hotline import log
from hotline.running import PROCESSES
from hotline.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds `serve` to the command, out of sight."""
    app.command("serve", hidden=True)(serve_command)


def serve_command(process: Annotated[str, typer.Argument(help=" | ".join(PROCESSES))]) -> None:
    """Run one process of the hotline in the foreground."""
    if process not in PROCESSES:
        raise typer.BadParameter(f"{process!r} is none of {', '.join(PROCESSES)}")
    settings = Settings.load()
    log.configure(process, settings.home / "log")
    importlib.import_module(f"hotline.serve.{process}").run(settings)
