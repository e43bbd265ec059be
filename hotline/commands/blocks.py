"""`hotline blocks`: numbers that a person has blocked, why and until when; and the log of nuisance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from hotline import blocks as ours
from hotline.asterisk import AsteriskFailed
from hotline.commands.records import opened
from hotline.log import mask
from hotline.menus import whoever
from hotline.settings import Settings
from hotline.terminal import CANNOT, NO, AsJsonInFull, print_items, print_table, refuse
from queues import audit, blocks
from queues.actor import ADMINISTRATOR, Actor, Refused
from queues.audit import Line
from queues.storage import Database

group = typer.Typer(name="blocks", help="Numbers that a person has blocked 屏蔽号码.", no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="as their telephone shows it: 13812345678, 05468123456")]


def register(app: typer.Typer) -> None:
    """Adds `blocks` to the command."""
    app.add_typer(group)


@group.command()
def add(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="why; it stays in the record")],
    days: Annotated[int, typer.Option("--days", min=1, max=blocks.MOST_DAYS)] = 7,
) -> None:
    """Callers from this number hear why they cannot get through, and how to complain; emergencies always do."""

    def block(database: Database) -> None:
        ours.check(Settings.load(), number)
        blocks.add(database, _me(), number, reason, days)

    _change(block, "block.add", number, reason)


@group.command()
def remove(number: Number) -> None:
    """Takes a block back."""
    _change(lambda database: blocks.remove(database, _me(), number), "block.remove", number)


@group.command("list")
def list_(as_json: AsJsonInFull = False, past: Annotated[bool, typer.Option("--past", help="those that are over, too")] = False) -> None:
    """Blocks that stand, the newest first."""
    with opened() as database:
        rows = blocks.listed(database, all_=past)
    if as_json:
        items = [{"number": row.number, "reason": row.reason, "by": row.made_by, "at": row.made_at.isoformat(), "until": row.until.isoformat()} for row in rows]
        print_items(items)
        return
    shown = ((mask(row.number), row.reason, row.made_by, f"{row.until.astimezone():%F %R}") for row in rows)
    print_table(("number", "reason", "by", "until"), shown, none="no number is blocked")


def _me() -> Actor:
    return Actor(ADMINISTRATOR, name=whoever())


def _change(change: Callable[[Database], object], action: str, number: str, reason: str = "") -> None:
    try:
        with opened() as database:
            try:
                change(database)
            except Refused as no:
                audit.write(database, Line(_me(), action, number, audit.REFUSED, no.detail))
                raise
            audit.write(database, Line(_me(), action, number, reason=reason))
            ours.write(Settings.load(), database)
    except (Refused, AsteriskFailed, OSError) as error:
        refuse(error, NO if isinstance(error, Refused) else CANNOT)
