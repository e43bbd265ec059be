"""How every command speaks: tables for people, `{"items": …, "next": null}` for programs, one line and an exit code for a no."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

NO, CANNOT = 1, 2
"""Exit codes: the answer is no; it could not be asked."""

AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]


def print_items(items: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """A listing for programs."""
    print(json.dumps({"items": list(items), "next": None, **more}, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A listing for people; what looks like markup in a cell is text."""
    table = Table(*head, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console().print(table)


def refuse(error: object, code: int = CANNOT) -> NoReturn:
    """Says why, on one line, and ends."""
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(code)
