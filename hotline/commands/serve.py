"""`hotline serve PROCESS`: one process of the running hotline in the foreground; for looking into one, or for containers."""

from __future__ import annotations

from typing import Annotated

import typer

from hotline.serve.__main__ import MAIL, PROCESSES, serve
from hotline.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds `serve` to the command, out of sight."""
    app.command("serve", hidden=True)(serve_command)


def serve_command(process: Annotated[str, typer.Argument(help=" | ".join((*PROCESSES, MAIL)))]) -> None:
    """Run one process of the hotline in the foreground."""
    if process not in (*PROCESSES, MAIL):
        raise typer.BadParameter(f"{process!r} is none of {', '.join((*PROCESSES, MAIL))}")
    serve(process, Settings.load())
