"""`hotline demo`: places real calls and says whether everything came true."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline.settings import PROJECT

FOLDER = PROJECT / "var" / "demo"


def register(app: typer.Typer) -> None:
    """Adds `demo` to the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Option(help="where its hotline, recordings and result.json go; emptied first")] = FOLDER,
    only: Annotated[int | None, typer.Option(min=1, max=5, hidden=True, help="one step alone")] = None,
    broken: Annotated[int | None, typer.Option("--break", min=1, max=5, hidden=True, help="break this step, to see that it is noticed")] = None,
    here: Annotated[bool, typer.Option("--here", hidden=True, help="in this network namespace")] = False,
) -> None:
    """Place real calls on a hotline of its own: person, voicemail, fax, failure, hand-over."""
    if not here:
        # A namespace of its own where the kernel allows one: then no call can leave the machine.
        os.execv(sys.executable, [sys.executable, "-m", "telephone.isolation", sys.executable, "-m", "hotline", *sys.argv[1:], "--here"])
    from telephone.demo import play

    raise typer.Exit(0 if play(folder.resolve(), only=only, broken=broken) else 1)
