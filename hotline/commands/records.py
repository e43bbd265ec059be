"""`hotline records`: calls that were, one record each, from what Asterisk wrote to disk."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from hotline.log import mask
from hotline.settings import Settings
from queues import cells, record_store, record_wire
from queues.call_record import CallKind, CallRecord, Outcome
from queues.figures import SHANGHAI
from queues.record_store import Wanted
from tickets.database import Database

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
Moment = Annotated[datetime | None, typer.Option(formats=TIMES, help="Asia/Shanghai")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(records)


def records(
    linkedid: Annotated[str | None, typer.Argument(help="just this call, with every stretch of it")] = None,
    begin: Moment = None,
    end: Moment = None,
    caller: Annotated[str | None, typer.Option(help="the caller's number")] = None,
    queue: Annotated[str | None, typer.Option(help="was in this queue")] = None,
    agent: Annotated[str | None, typer.Option(help="talked with this agent")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="what became of it")] = None,
    kind: Annotated[CallKind | None, typer.Option(help="who began it")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, numbers in full")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="as CSV, numbers in full")] = False,
) -> None:
    """Call records 通话记录: who called, when, how long, with whom, how it ended; the newest first."""
    wanted = Wanted(linkedid, seconds(begin), seconds(end), caller, None, queue, agent, outcome, kind)
    with opened() as database:
        found = record_store.calls(database, wanted, limit)
    if as_json:
        print(json.dumps({"items": [record_wire.shown(call) for call in found], "next": None}, ensure_ascii=False))
    elif as_csv:
        print(cells.table(record_wire.COLUMNS, map(record_wire.row, found)), end="")
    elif linkedid is not None:
        _one(found, linkedid)
    else:
        _many(found)


@contextlib.contextmanager
def opened() -> Iterator[Database]:
    """The hotline's database, for reading. A database that is not there is a sentence and exit 2."""
    database = Database(Settings.load().database_url)
    try:
        yield database
    except SQLAlchemyError as error:
        typer.echo(f"hotline: no records: {type(error).__name__} (has this hotline run yet?)", err=True)
        raise typer.Exit(2) from None
    finally:
        database.close()


def seconds(at: datetime | None) -> float | None:
    """What was typed is the city's clock."""
    return at.replace(tzinfo=SHANGHAI).timestamp() if at else None


def folded(*columns: str) -> Table:
    """A narrow terminal breaks cells, it hides nothing."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _many(found: list[CallRecord]) -> None:
    table = folded("began", "caller", "outcome", "waited", "talked", "queues", "agents", "linkedid")
    for call in found:
        row = record_wire.row(replace(call, caller=mask(call.caller)))
        table.add_row(
            str(row["began_at"])[5:19].replace("T", " "), row["caller"], row["outcome"], f"{row['waited_seconds']:g} s",
            f"{row['talk_seconds']:g} s", row["queues"], row["agents"], row["linkedid"],
        )  # fmt: skip
    Console().print(table)


def _one(found: list[CallRecord], linkedid: str) -> None:
    if not found:
        typer.echo(f"hotline: no call has the linkedid {linkedid[:64]}", err=True)
        raise typer.Exit(1)
    _many(found)
    table = folded("from", "to", "what", "queue", "agent", "how", "hold", "after-call", "detail")
    for part in found[0].segments:
        ended = (record_wire.moment(part.ended_at) or "")[11:23]
        table.add_row((record_wire.moment(part.began_at) or "")[11:23], ended, part.kind, part.queue, part.agent, part.how,
                      f"{part.hold_seconds:g} s", f"{part.wrapup_seconds:g} s", part.detail)  # fmt: skip
    Console().print(table)
