"""`hotline records`: calls that were, one record each, from what Asterisk wrote to disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from hotline.log import mask
from hotline.settings import Settings
from hotline.terminal import NO, AsJsonInFull, print_items, print_table, refuse
from queues import cells, record_store, record_wire
from queues.call_record import CallKind, CallRecord, Outcome, Segment
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
    as_json: AsJsonInFull = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="as CSV, numbers in full")] = False,
) -> None:
    """Call records 通话记录: who called, when, how long, with whom, how it ended; the newest first."""
    wanted = Wanted(linkedid, seconds(begin), seconds(end), caller, None, queue, agent, outcome, kind)
    with opened() as database:
        found = record_store.calls(database, wanted, limit)
    if as_json:
        print_items([record_wire.shown(call) for call in found])
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
        refuse(f"no records: {type(error).__name__} (has this hotline run yet?)")
    finally:
        database.close()


def seconds(at: datetime | None) -> float | None:
    """What was typed is the city's clock."""
    return at.replace(tzinfo=SHANGHAI).timestamp() if at else None


def _many(found: list[CallRecord]) -> None:
    head = ("began", "caller", "outcome", "waited", "talked", "queues", "agents", "linkedid")
    print_table(head, map(_row, found), none="no call")


def _row(call: CallRecord) -> tuple[str, ...]:
    row = record_wire.row(replace(call, caller=mask(call.caller)))
    return (
        str(row["began_at"])[5:19].replace("T", " "), row["caller"], row["outcome"], f"{row['waited_seconds']:g} s",
        f"{row['talk_seconds']:g} s", row["queues"], row["agents"], row["linkedid"],
    )  # fmt: skip


def _one(found: list[CallRecord], linkedid: str) -> None:
    if not found:
        refuse(f"no call has the linkedid {linkedid[:64]}", NO)
    _many(found)
    head = ("from", "to", "what", "queue", "agent", "how", "hold", "after-call", "detail")
    print_table(head, map(_stretch, found[0].segments), none="nothing of it is known")


def _stretch(part: Segment) -> tuple[str, ...]:
    began, ended = ((record_wire.moment(at) or "")[11:23] for at in (part.began_at, part.ended_at))
    return (began, ended, part.kind, part.queue, part.agent, part.how, f"{part.hold_seconds:g} s", f"{part.wrapup_seconds:g} s", part.detail)
