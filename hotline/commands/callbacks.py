"""`hotline callbacks`: whom the hotline has promised to call back, and who gave up waiting (漏话)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hotline.commands.records import opened
from hotline.log import mask
from hotline.menus import whoever
from hotline.settings import Settings
from queues import callback_book, desk
from queues.actor import ADMINISTRATOR, Actor, Refused

group = typer.Typer(name="callbacks", help="Call-backs 回拨 and callers who gave up waiting 漏话.", invoke_without_command=True)
AsJson = Annotated[bool, typer.Option("--json", help="as JSON, numbers in full")]


def register(app: typer.Typer) -> None:
    """Adds `callbacks` to the command."""
    app.add_typer(group)


@group.callback()
def callbacks(context: typer.Context, as_json: AsJson = False, past: Annotated[bool, typer.Option("--past", help="those that are over, too")] = False) -> None:
    """Who is to be called back, and who gave up waiting and has talked to nobody since."""
    if context.invoked_subcommand is not None:
        return
    with opened() as database:
        promised = [callback_book.as_json(one) for one in callback_book.listed(database, all_=past)]
        missed = [callback_book.missed_json(row) for row in callback_book.missed(database)]
    if as_json:
        print(json.dumps({"items": promised, "missed": missed, "next": None}, ensure_ascii=False, default=str))
        return
    _table("call-backs", ("id", "number", "state", "tries", "queue", "asked_at", "next_at", "reason"), promised)
    _table("gave up waiting", ("id", "number", "times", "queue", "last_at", "waited_seconds"), missed)


@group.command()
def make(id: Annotated[str, typer.Argument(help="of somebody who gave up waiting")]) -> None:
    """Call somebody back who gave up waiting."""
    _ask("callback.make", id)


@group.command()
def cancel(id: Annotated[str, typer.Argument(help="of a call-back")]) -> None:
    """Take a call-back back that has not begun."""
    _ask("callback.cancel", id)


def _ask(what: str, id_: str) -> None:
    try:
        answer = desk.ask(Settings.load().home, what, Actor(ADMINISTRATOR, name=whoever()), id=id_)
    except Refused as no:
        typer.echo(f"hotline: {no.detail}", err=True)
        raise typer.Exit(1) from None
    print(json.dumps(answer, ensure_ascii=False))


def _table(title: str, columns: tuple[str, ...], rows: list[Mapping[str, Any]]) -> None:
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*(mask(str(row[column])) if column == "number" else _cell(row[column]) for column in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    return f"{value.astimezone():%F %T}" if hasattr(value, "astimezone") else "" if value is None else str(value)
