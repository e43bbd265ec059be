"""`hotline queues`, `calls` (and `agents` with nothing behind it): what is going on, as the telephony process last wrote it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hotline.log import mask
from hotline.settings import Settings
from hotline.terminal import NO, AsJsonInFull, clock, lasted, print_items, print_table, refuse
from queues import snapshot
from queues.model import Agent, Call, QueueView
from queues.snapshot import Snapshot


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(queues)
    app.command()(calls)


def queues(as_json: AsJsonInFull = False) -> None:
    """Queues 队列: who waits, who is there."""
    now = _now(as_json)
    if as_json:
        _print(now, now.queues)
        return
    print_table(("queue", "waiting", "longest", "agents", "logged in", "free", "strategy"), map(_queue_row, now.queues), none="no queue is known yet")


def agents(as_json: AsJsonInFull = False) -> None:
    """Agents 坐席: who is at which phone, and what they are doing (`hotline agents`)."""
    now = _now(as_json)
    if as_json:
        _print(now, now.agents)
        return
    head = ("phone", "agent", "state", "since", "queues", "calls taken", "in call")
    print_table(head, map(_agent_row, now.agents), none="nobody is logged in (`hotline agents list` names the people)")


def calls(
    as_json: AsJsonInFull = False,
    past: Annotated[bool, typer.Option("--past", help="calls that have ended, the last one first")] = False,
) -> None:
    """Calls 通话: in progress, or the last ones that ended."""
    now = _now(as_json)
    listed = now.recent if past else now.calls
    if as_json:
        _print(now, listed)
        return
    head = ("since", "caller", "path", "type", "doing", "queue", "agent", "linkedid")
    print_table(head, map(_call_row, listed), none="no call has ended lately" if past else "no call is in progress")


def _now(as_json: bool) -> Snapshot:
    home = Settings.load().home
    found = snapshot.read(snapshot.where(home))
    if found is None:
        error = f"nothing to show: no hotline has run with HOTLINE_HOME={home}"
        if as_json:
            print_items([], written_at=None, stale=True, error=error)
        refuse(error, NO)
    if found.is_stale():
        reason = found.fault or "the telephony process does not run"
        typer.echo(f"hotline: this was {found.age_seconds():.0f} s ago ({reason})", err=True)
    return found


def _print(now: Snapshot, items: Sequence[Any]) -> None:
    print_items([asdict(item) for item in items], written_at=now.written_at.isoformat(), stale=now.is_stale())


def _queue_row(queue: QueueView) -> tuple[str, ...]:
    longest = lasted(max(_age(waiting.since) for waiting in queue.waiting)) if queue.waiting else ""
    return (queue.name, str(len(queue.waiting)), longest, str(len(queue.members)), str(queue.logged_in), str(queue.free), queue.strategy)


def _agent_row(agent: Agent) -> tuple[str, ...]:
    since = "" if agent.since is None else lasted(_age(agent.since))
    who = f"{agent.name} {agent.work_number}".strip()
    return (agent.phone, who, _doing(agent), since, ", ".join(agent.queues), str(agent.calls_taken), agent.linkedid)


def _doing(agent: Agent) -> str:
    if agent.login:
        return f"{agent.state}{f' ({agent.why})' if agent.why else ''}{', too long' if agent.over_limit else ''}"
    return f"{agent.state} (paused {agent.pause_reason})".replace(" )", ")") if agent.paused else agent.state


def _call_row(call: Call) -> tuple[str, ...]:
    return (clock(call.since), mask(call.caller), call.path, call.type, call.doing, call.queue, call.agent, call.linkedid)


def _age(since: float) -> float:
    return datetime.now(UTC).timestamp() - since
