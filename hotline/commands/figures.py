"""`hotline figures`: what the contact centre is judged by, over call records; docs/figures.md defines each figure."""

from __future__ import annotations

import time
from typing import Annotated, Any, cast

import typer

from hotline.commands.records import Moment, opened, seconds
from hotline.terminal import AsJson, print_items, print_table, refuse
from queues import cells, figure_table, record_store
from queues.figures import DAY_SECONDS
from queues.record_store import Wanted

SHOWN = ("name", "begin", "offered", "answered", "abandoned", "connection_rate", "answered_within", "service_level",
         "average_answer_seconds", "average_handle_seconds")  # fmt: skip
SHOWN_OF_AGENTS = ("name", "begin", "conversations", "talk_seconds", "hold_seconds", "wrapup_seconds", "average_handle_seconds", "occupancy")
RATES = frozenset(("connection_rate", "answered_within", "service_level", "occupancy", "first_call_resolution"))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(figures)


def figures(
    begin: Moment = None,
    end: Moment = None,
    by: Annotated[str, typer.Option(help="all, queue, agent, number")] = "all",
    name: Annotated[str | None, typer.Option(help="just this queue, agent or number")] = None,
    step: Annotated[str, typer.Option(help="whole, day, hour, half-hour, quarter-hour")] = "whole",
    level_seconds: Annotated[float, typer.Option(min=1, max=600, help="Y of the service level X/Y")] = 20.0,
    first_call_days: Annotated[int, typer.Option(min=1, max=30, help="no second call within these is a first call that was enough")] = 7,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="as CSV")] = False,
) -> None:
    """Figures 统计指标: the last 24 hours, if nothing else is said; - is undefined."""
    if by not in ("all", "queue", "agent", "number") or step not in figure_table.STEPS:
        refuse(f"by all, queue, agent or number; in steps of {', '.join(figure_table.STEPS)}")
    now = time.time()
    last = seconds(end) or now
    first = seconds(begin) or last - DAY_SECONDS
    kind = cast(figure_table.By, by)
    with opened() as database:
        calls, spells = record_store.during(database, first, last), record_store.spells(database, first, last)
        window = first_call_days * DAY_SECONDS
        around = record_store.calls(database, Wanted(begin=first - window, end=last + window)) if by == "all" and step == "whole" else []
    rows = figure_table.rows(calls, spells, first, last, by_what=kind, step=step, level_seconds=level_seconds, only=name)
    if by == "all" and step == "whole":
        rows = [figure_table.with_resolution(row, around, first, last, now, first_call_days) for row in rows]
    if as_json:
        print_items(rows, by=by, level_seconds=level_seconds)
    elif as_csv:
        print(cells.table(list(rows[0]) if rows else ["name"], rows), end="")
    else:
        _table(rows, SHOWN_OF_AGENTS if by == "agent" else SHOWN)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if len(rows) == 1:  # one below the other, all there are
        [row] = rows
        print_table(("figure", row["name"]), ((_named(column), _shown(column, value)) for column, value in row.items() if column not in ("name", "end")))
        return
    print_table(tuple(map(_named, columns)), ([_shown(column, row.get(column)) for column in columns] for row in rows), none="no call in this time")


def _named(column: str) -> str:
    return column.replace("_", " ")


def _shown(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if column in RATES:
        return f"{value:.1%}"
    if column == "begin":
        return str(value)[:16].replace("T", " ")
    return f"{value:.1f}" if isinstance(value, float) else str(value)
