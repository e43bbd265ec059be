"""`hotline surges`: many callers with one matter at one place; `hotline notices`: what citizens were, and were not, told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hotline import opening
from hotline.terminal import AsJson, AsJsonInFull, print_items, print_table

Limit = Annotated[int, typer.Option(min=1, max=1000)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(surges)
    app.command()(notices)


def surges(as_json: AsJson = False, all_: Annotated[bool, typer.Option("--all", help="those that are over too")] = False, limit: Limit = 50) -> None:
    """Many callers with one matter at one place 突发集中诉求, the newest first."""
    from tickets import surges as found  # noqa: PLC0415

    with opening.register() as store:
        rows = [found.shown(row) for row in found.listed(store.database, limit, all_=all_)]
    if as_json:
        print_items(rows)
    else:
        head = ("place", "words", "callers", "began_at", "last_at", "ended_at", "tickets")
        print_table(head, [_cells(row | {"tickets": " ".join(row["tickets"][:10])}, head) for row in rows], none="no surge")


def notices(
    state: Annotated[str, typer.Option(help="new queued sending told refused given_up unknown no_way")] = "", as_json: AsJsonInFull = False, limit: Limit = 50,
) -> None:  # fmt: skip
    """What citizens are told 告知, the oldest first; with --state refused: whom it did not reach."""
    from tickets import notice_book  # noqa: PLC0415
    from tickets.notices import STATES  # noqa: PLC0415

    if state and state not in STATES:
        raise typer.BadParameter(f"one of {', '.join(STATES)}", param_hint="--state")
    with opening.register() as store:
        found = notice_book.listed(store.database, limit, "", {"state": state} if state else None)
        rows = [notice_book.shown(row, number, full=as_json) for row, number in found]
    if as_json:
        print_items(rows)
    else:
        head = ("id", "ticket", "kind", "by", "address", "state", "attempts", "created_at", "last_error")
        print_table(head, [_cells(row, head) for row in rows], none="no notices")


def _cells(row: Mapping[str, Any], head: tuple[str, ...]) -> list[str]:
    return ["" if row[name] is None else str(row[name]) for name in head]
