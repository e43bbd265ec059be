"""The `hotline` command: one door to everything; each group of commands is a module in hotline/commands."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import entry_points

import typer

from hotline import commands
from hotline.secrets import write_for_owner_only
from hotline.settings import SettingsError


def build(command: str | None = None) -> typer.Typer:
    """`hotline`, put together from every module in hotline/commands and the entry points; or from the one that has `command`."""
    app = typer.Typer(
        name="hotline",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="12345 政务服务热线 · The 12345 government service hotline.",
    )
    one = commands.MODULES.get(command or "")
    for module in [one] if one else sorted(set(commands.MODULES.values())):
        importlib.import_module(f"{commands.__name__}.{module}").register(app)
    if one:
        app.callback()(_several)
        return app
    for entry in sorted(entry_points(group="hotline.commands"), key=lambda e: e.name):
        entry.load()(app)
    return app


def _several() -> None:
    """Typer takes a single command for the whole; with this its name stays a word of its own."""


def main() -> None:
    """Entry point: a known mistake is one clear line and exit 2, not a traceback."""
    write_for_owner_only()
    try:
        build(next(iter(sys.argv[1:]), None))()
    except SettingsError as error:
        print(f"hotline: {error}", file=sys.stderr)
        sys.exit(2)
