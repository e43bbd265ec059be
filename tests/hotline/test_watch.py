"""The watch over the floor: from the picture to alarms in the file, the events and the audit, over a restart too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hotline.serve import watch
from hotline.serve.watch import Slow, Watch
from ivr.alarming import Limits
from queues import alarm_file
from queues.actor import AGENT, SUPERVISOR, Actor, Refused
from queues.alarm_file import Rates
from queues.alarms import Late, Rate, Surge
from queues.ami import AmiLink
from queues.audit import Line
from queues.desk import Desk
from queues.event import Event
from queues.events import EventLog, Events
from queues.floor import Floor
from queues.model import Agent, AgentState
from queues.names import AFTER_CALL_WORK, MISSED, TOO_MANY_MISSED
from queues.state import Picture

LIMITS = Limits(nobody_seconds=1, clear_seconds=0)
LI = Actor(SUPERVISOR, agent="li")


@dataclass
class Stage:
    """A floor whose picture the test paints, and the desk of its supervisors."""

    home: Path
    picture: Picture = field(default_factory=Picture)
    connected: bool = True
    slow: Slow = Slow(LIMITS)
    audited: list[Line] = field(default_factory=list)

    def phone(self, status: str) -> None:
        """One queue with one phone: 1 is free, 5 is gone (include/asterisk/devicestate.h)."""
        fields = {"queue": "hotline-tax", "interface": "PJSIP/1001", "status": status, "paused": "0"}
        params = Event("QueueParams", {"queue": "hotline-tax", "strategy": "ringall"})
        self.picture.resync([params, Event("QueueMember", fields)], [], 0.0)


    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Desk]:
        async def write(line: Line) -> None:
            self.audited.append(line)

        async def ask() -> Slow:
            return self.slow

        desk = Desk(write)
        link, floor = cast(AmiLink, self), cast(Floor, self)
        watching = Watch(self.home, link, floor, Events(self.home), ask, lambda: ())
        watching.serve(desk)
        task = asyncio.create_task(watching.run())
        try:
            yield desk
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def on(self) -> list[str]:
        written = alarm_file.read(alarm_file.where(self.home))
        return [alarm.key for alarm in written.alarms] if written else []

    def said(self) -> list[tuple[str, str]]:
        lines, _, _ = EventLog(self.home).read(0)
        return [(line.data["what"], line.data["key"]) for line in lines if line.kind == "alarm"]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(watch, "SLOW_SECONDS", 0.05)
    return Stage(tmp_path)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)


async def test_an_alarm_begins_is_acknowledged_outlives_a_restart_and_ends(stage: Stage) -> None:
    stage.phone("5")
    async with stage.watched() as desk:
        await until(lambda: stage.on() == ["nobody:tax"])
        with pytest.raises(Refused, match="the role agent may not"):
            await desk.do("alarm.acknowledge", Actor(AGENT, agent="wang"), key="nobody:tax")
        with pytest.raises(Refused, match="no alarm 'nobody:moon' is on"):
            await desk.do("alarm.acknowledge", LI, key="nobody:moon")
        assert (await desk.do("alarm.acknowledge", LI, key="nobody:tax"))["acknowledged_by"] == "agent li"
    assert [(line.action, line.target, line.outcome) for line in stage.audited] == [
        ("alarm.acknowledge", "nobody:tax", "refused"), ("alarm.acknowledge", "nobody:moon", "refused"), ("alarm.acknowledge", "nobody:tax", "done"),
    ]  # fmt: skip
    async with stage.watched():
        written = alarm_file.read(alarm_file.where(stage.home))
        assert written is not None
        assert written.alarms[0].acknowledged_by == "agent li"
        stage.phone("1")
        await until(lambda: stage.on() == [])
    assert stage.said() == [("raised", "nobody:tax"), ("acknowledged", "nobody:tax"), ("ended", "nobody:tax")]


async def test_without_a_link_nothing_is_said_of_queues_but_rates_and_messages_are_watched(stage: Stage) -> None:
    stage.phone("5")
    stage.connected = False
    stage.slow = Slow(LIMITS, Rates(Rate(0.5, 100), {"tax": Rate(0.5, 100)}), oldest_message_at=1.0, late=(Late("20261122-000001", 1.0),), surges=(Surge("阳光花园 停水", 1.0, 5),))
    async with stage.watched():
        await until(lambda: len(stage.on()) == 5)
    assert sorted(key for _, key in stage.said()) == ["connection:all", "deadline:20261122-000001", "message:all", "service:tax", "surge:阳光花园 停水"]


def test_rates_are_read_as_they_were_written_and_not_when_they_are_old(tmp_path: Path) -> None:
    rates, path = Rates(Rate(None, 0), {"tax": Rate(0.9, 30)}), alarm_file.rates_where(tmp_path)
    alarm_file.write_rates(path, rates)
    written = path.stat().st_mtime
    assert alarm_file.read_rates(path, written + 1) == rates
    assert alarm_file.read_rates(path, written + 601) is None
    path.write_text("{")
    assert alarm_file.read_rates(path, written) is None


def test_a_break_is_measured_by_its_own_limit_and_rest_after_a_call_is_none() -> None:
    def agent(login: str, state: AgentState = AgentState.PAUSED, phone: str = "1", reason: str = "", **more: Any) -> Agent:
        return Agent(phone, state, bool(reason), reason, (), 0, login=login, **more)

    agents = [
        agent("li", why="rest", since=100.0, until=1000.0),
        agent("wang", why="training", since=100.0),
        agent("zhao", why=TOO_MANY_MISSED, since=100.0),
        agent("sun", why=MISSED, since=100.0, until=130.0),
        agent("he", AgentState.AFTER_CALL_WORK, since=100.0, until=130.0),
        agent("", AgentState.FREE, "1007", "lunch"),
        agent("", AgentState.FREE, "1008", AFTER_CALL_WORK),
    ]
    floor = cast(Floor, SimpleNamespace(picture=SimpleNamespace(agents=lambda: agents)))
    found = watch.on_a_break(floor)()
    assert [(one.agent, one.limit_seconds) for one in found] == [("li", 900.0), ("zhao", None), ("1007", None)]
