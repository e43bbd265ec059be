"""`hotline alarms`: what is wrong on the floor now; `alarms acknowledge` says that somebody has seen it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from hotline.menus import whoever
from hotline.settings import Settings
from hotline.terminal import NO, AsJson, clock, lasted, print_items, print_table, refuse
from queues import alarm_file, desk
from queues.actor import ADMINISTRATOR, Actor, Refused
from queues.alarms import TITLES, Alarm, Kind

group = typer.Typer(name="alarms", help="Alarms of the floor 告警.", invoke_without_command=True)
SHARES = (Kind.CONNECTION, Kind.SERVICE)
WITHOUT_LIMIT = (Kind.NOBODY, Kind.DEADLINE, Kind.SURGE)


def register(app: typer.Typer) -> None:
    """Adds `alarms` to the command."""
    app.add_typer(group)


@group.callback()
def alarms(context: typer.Context, as_json: AsJson = False) -> None:
    """Alarms that are on 当前告警, the oldest first."""
    if context.invoked_subcommand is not None:
        return
    found = alarm_file.read(alarm_file.where(Settings.load().home))
    stale = found is None or found.is_stale()
    on = found.alarms if found else ()
    if as_json:
        written = datetime.fromtimestamp(found.at, UTC).isoformat() if found else None
        print_items([alarm.as_json() for alarm in on], written_at=written, stale=stale)
        return
    if stale:
        typer.echo("hotline: nobody is watching: the telephony process does not run", err=True)
    print_table(("alarm", "what", "since", "now", "limit", "seen by"), map(_row, on), none="" if stale else "no alarm is on")


@group.command()
def acknowledge(key: Annotated[str, typer.Argument(help="as `hotline alarms` names it: nobody:complaints")]) -> None:
    """I have seen it 确认告警; it stays on until all is well."""
    try:
        desk.ask(Settings.load().home, "alarm.acknowledge", Actor(ADMINISTRATOR, name=whoever()), key=key)
    except Refused as refused:
        refuse(refused, NO)


def _row(alarm: Alarm) -> tuple[str, ...]:
    limit = "" if alarm.kind in WITHOUT_LIMIT else _shown(alarm, alarm.limit)
    return alarm.key, TITLES[alarm.kind], clock(alarm.since), _shown(alarm, alarm.value), limit, alarm.acknowledged_by


def _shown(alarm: Alarm, value: float) -> str:
    if alarm.kind is Kind.NOBODY:
        return ""
    if alarm.kind is Kind.SURGE:
        return f"{value:.0f} callers"
    return f"{value:.1%}" if alarm.kind in SHARES else lasted(value)
