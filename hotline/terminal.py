"""How every command speaks: tables for people, `{"items": …, "next": null}` for programs, one line and an exit code for a no."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

NO, CANNOT = 1, 2
"""Exit codes: the answer is no; it could not be asked."""

AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
AsJsonInFull = Annotated[bool, typer.Option("--json", help="as JSON, numbers in full")]


def print_items(items: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """A listing for programs."""
    print(json.dumps({"items": list(items), "next": None, **more}, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None, none: str = "") -> None:
    """A listing for people. What looks like markup in a cell is text; a narrow terminal folds cells, it hides nothing.

    `none` is said where there is no row at all: an empty table leaves open whether anybody looked.
    """
    found = list(rows)
    if not found and none:
        typer.echo(none)
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in head:
        table.add_column(column, overflow="fold")
    for row in found:
        table.add_row(*map(escape, row))
    Console().print(table)


def refuse(error: object, code: int = CANNOT) -> NoReturn:
    """Says why, on one line, and ends."""
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(code)


def lasted(seconds: float) -> str:
    """How long, as one says it: 45 s, 12 min, 3 h 20 min, 2 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(at: float) -> str:
    """Unix seconds as this machine's clock shows them."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%F %T")
