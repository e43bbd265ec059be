"""`hotline callbacks`: whom the hotline has promised to call back, and who gave up waiting (漏话)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from hotline.commands.records import opened
from hotline.log import mask
from hotline.menus import whoever
from hotline.settings import Settings
from hotline.terminal import NO, AsJsonInFull, lasted, print_table, refuse
from queues import callback_book, desk
from queues.actor import ADMINISTRATOR, Actor, Refused
from queues.names import queue_of, wanted_of

group = typer.Typer(name="callbacks", help="Call-backs 回拨 and callers who gave up waiting 漏话.", invoke_without_command=True)
PROMISED = {"id": "id", "number": "number", "state": "state", "tries": "tries", "queue": "queue", "asked_at": "asked for", "next_at": "next try", "reason": "why"}
MISSED = {"id": "id", "number": "number", "times": "times", "queue": "queue", "last_at": "last call", "waited_seconds": "waited"}


def register(app: typer.Typer) -> None:
    """Adds `callbacks` to the command."""
    app.add_typer(group)


@group.callback()
def callbacks(context: typer.Context, as_json: AsJsonInFull = False, past: Annotated[bool, typer.Option("--past", help="those that are over, too")] = False) -> None:
    """Who is to be called back, and who gave up waiting and has talked to nobody since."""
    if context.invoked_subcommand is not None:
        return
    with opened() as database:
        promised = [callback_book.as_json(one) for one in callback_book.listed(database, all_=past)]
        missed = [callback_book.missed_json(row) for row in callback_book.missed(database)]
    if as_json:
        print(json.dumps({"items": promised, "missed": missed, "next": None}, ensure_ascii=False, default=str))
        return
    _table("promised 回拨", PROMISED, promised, "nobody is to be called back")
    _table("gave up waiting 漏话", MISSED, missed, "nobody who gave up waiting is without a talk since")


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
        refuse(no.detail, NO)
    print(json.dumps(answer, ensure_ascii=False))


def _table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], none: str) -> None:
    print_table(tuple(columns.values()), ([_cell(column, row[column]) for column in columns] for row in rows), title=title, none=none)


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column == "number":
        return mask(str(value))
    if column == "queue":  # of a promise it is Asterisk's name of it
        return " ".join((queue_of(value), *wanted_of(value)))
    if column == "waited_seconds":
        return lasted(float(value))
    return f"{value.astimezone():%F %T}" if hasattr(value, "astimezone") else str(value)
