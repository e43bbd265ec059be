"""The `hotline` command: one door to everything; each group of commands is a module in hotline/commands."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib.metadata import entry_points

import typer

from hotline import commands
from hotline.secrets import write_for_owner_only
from hotline.settings import SettingsError


def build() -> typer.Typer:
    """The whole command, put together from every module in hotline/commands."""
    app = typer.Typer(
        name="hotline",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="12345 政务服务热线 · The 12345 government service hotline.",
    )
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda m: m.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(app)
    for entry in sorted(entry_points(group="hotline.commands"), key=lambda e: e.name):
        entry.load()(app)
    return app


def main() -> None:
    """Entry point: a known mistake is one clear line and exit 2, not a traceback."""
    write_for_owner_only()
    try:
        build()()
    except SettingsError as error:
        print(f"hotline: {error}", file=sys.stderr)
        sys.exit(2)
