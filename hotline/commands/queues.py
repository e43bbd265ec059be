"""`hotline queues`, `calls` (and `agents` with nothing behind it): what is going on, as the telephony process last wrote it down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hotline.log import mask
from hotline.settings import Settings
from queues import snapshot
from queues.model import Agent, Call, QueueView
from queues.snapshot import Snapshot

AsJson = Annotated[bool, typer.Option("--json", help="as JSON, numbers in full")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(queues)
    app.command()(calls)


def queues(as_json: AsJson = False) -> None:
    """Queues 队列: who waits, who is there."""
    now = _now(as_json)
    if as_json:
        _print(now, now.queues)
        return
    _table(("queue", "waiting", "longest", "agents", "logged in", "free", "strategy"), map(_queue_row, now.queues))


def agents(as_json: AsJson = False) -> None:
    """Agents 坐席: who is at which phone, and what they are doing (`hotline agents`)."""
    now = _now(as_json)
    if as_json:
        _print(now, now.agents)
        return
    _table(("phone", "agent", "state", "since", "queues", "calls taken", "in call"), map(_agent_row, now.agents))


def calls(
    as_json: AsJson = False,
    past: Annotated[bool, typer.Option("--past", help="calls that have ended, the last one first")] = False,
) -> None:
    """Calls 通话: in progress, or the last ones that ended."""
    now = _now(as_json)
    listed = now.recent if past else now.calls
    if as_json:
        _print(now, listed)
        return
    _table(("since", "caller", "path", "type", "doing", "queue", "agent", "linkedid"), map(_call_row, listed))


def _now(as_json: bool) -> Snapshot:
    home = Settings.load().home
    found = snapshot.read(snapshot.where(home))
    if found is None:
        error = f"nothing to show: no hotline has run with HOTLINE_HOME={home}"
        if as_json:
            print(json.dumps({"items": [], "next": None, "written_at": None, "stale": True, "error": error}, ensure_ascii=False))
        typer.echo(f"hotline: {error}", err=True)
        raise typer.Exit(1)
    if found.is_stale():
        reason = found.fault or "the telephony process does not run"
        typer.echo(f"hotline: this was {found.age_seconds():.0f} s ago ({reason})", err=True)
    return found


def _print(now: Snapshot, items: Sequence[Any]) -> None:
    data = {"items": [asdict(item) for item in items], "next": None, "written_at": now.written_at.isoformat(), "stale": now.is_stale()}
    print(json.dumps(data, ensure_ascii=False))


def _table(columns: Sequence[str], rows: Any) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def _queue_row(queue: QueueView) -> tuple[object, ...]:
    longest = max((_age(waiting.since) for waiting in queue.waiting), default=0)
    return (queue.name, len(queue.waiting), f"{longest} s", len(queue.members), queue.logged_in, queue.free, queue.strategy)


def _agent_row(agent: Agent) -> tuple[object, ...]:
    since = "" if agent.since is None else f"{_age(agent.since)} s"
    return (agent.phone, f"{agent.name} {agent.work_number}".strip(), _doing(agent), since, ", ".join(agent.queues), agent.calls_taken, agent.linkedid)


def _doing(agent: Agent) -> str:
    if agent.login:
        return f"{agent.state}{f' ({agent.why})' if agent.why else ''}{', too long' if agent.over_limit else ''}"
    return f"{agent.state} (paused {agent.pause_reason})".replace(" )", ")") if agent.paused else agent.state


def _call_row(call: Call) -> tuple[object, ...]:
    since = datetime.fromtimestamp(call.since, UTC).astimezone().strftime("%F %T")
    return (since, mask(call.caller), call.path, call.type, call.doing, call.queue, call.agent, call.linkedid)


def _age(since: float) -> int:
    return max(0, round(datetime.now(UTC).timestamp() - since))
