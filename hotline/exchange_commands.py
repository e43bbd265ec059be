"""What `hotline tickets export` and `import` print: how many tickets went out, and what each row of a file does."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hotline.settings import Settings
from hotline.terminal import NO, print_table, refuse

if TYPE_CHECKING:
    from tickets.store import Store

MOST_SHOWN = 200  # rows; --json has all of them


def export(store: Store, path: Path, reason: str, since: datetime | None, until: datetime | None) -> None:
    from hotline import exchange  # noqa: PLC0415 - packages that take a second to import
    from tickets.numbers import SHANGHAI  # noqa: PLC0415

    first, last = (at.replace(tzinfo=SHANGHAI) if at else None for at in (since, until))
    try:
        count = exchange.export(store, Settings.load(), path, reason, first, last)
    except exchange.ExchangeError as error:
        refuse(error)
    typer.echo(f"{count} tickets in {path}{'' if reason else ', names and numbers masked'}")


def bring_in(store: Store, path: Path, *, apply: bool, as_json: bool) -> None:
    from hotline import exchange  # noqa: PLC0415

    try:
        report = exchange.bring_in(store, Settings.load(), path, apply=apply)
    except exchange.ExchangeError as error:
        refuse(error)
    shown = report.shown()
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        lines = [line for line in report.lines if line.outcome != "unchanged"]
        said = [(str(line.row), line.number, line.outcome, line.ticket, line.why or "; ".join(f"{k}: {v}" for k, v in line.changes.items())) for line in lines]
        print_table(("row", "办件编号", "outcome", "ticket", "why, or what changes"), said[:MOST_SHOWN], none="nothing would change")
        counts = ", ".join(f"{shown[name]} {name}" for name in ("created", "changed", "unchanged", "refused"))
        typer.echo(f"{counts}. {_what(report.applied, apply, shown['refused'])}")
    if shown["refused"]:
        raise typer.Exit(NO)


def _what(applied: bool, apply: bool, refused: int) -> str:
    if applied:
        return "Done."
    if refused:
        return "Nothing was done: correct the refused rows first."
    return "Nothing was done yet: --apply does it." if not apply else "Nothing was done."
