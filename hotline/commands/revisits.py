"""`hotline revisits`: whom the hotline asks whether it is solved (回访), what is left to people, and the three rates."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from hotline.commands.records import opened
from hotline.terminal import AsJson, print_table

HEAD = {"ticket": "ticket", "state": "state", "tries": "tries", "next_at": "next try", "solved": "solved", "satisfied": "satisfied", "reason": "why"}
NAMES = {"response": "响应率 response", "solution": "解决率 solution", "satisfaction": "满意率 satisfaction"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(revisits)


def revisits(
    as_json: AsJson = False,
    past: Annotated[bool, typer.Option("--past", help="those that are over instead")] = False,
    rates: Annotated[bool, typer.Option("--rates", help="响应率 解决率 满意率 of those that ended in the last days")] = False,
    days: Annotated[int, typer.Option(min=1, max=3660, help="with --rates: how many days")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Return visits 回访: who is to be called, which need a person, and what citizens said."""
    from tickets import revisit_book as kept  # noqa: PLC0415 - the database's packages take seconds to import

    with opened() as database:
        if rates:
            end = datetime.now(UTC)
            _rates(asdict(kept.rates_of(database, end - timedelta(days=days), end)), as_json)
            return
        found = [kept.as_json(*row) for row in kept.listed(database, "done" if past else "", limit)]
    if as_json:
        print(json.dumps({"items": found, "next": None}, ensure_ascii=False, default=str))
        return
    print_table(list(HEAD.values()), ([_cell(item[name]) for name in HEAD] for item in found), none="no return visits")


def _rates(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    rows = [[NAMES[name], "-" if found[name] is None else f"{found[name]:.1%}", str(found[f"{name}_of"])] for name in NAMES]
    print_table(["rate", "", "of"], rows, title=f"{found['visits']} return visits")


def _cell(value: Any) -> str:
    return f"{value.astimezone():%F %H:%M}" if hasattr(value, "astimezone") else "" if value is None else str(value)
