"""Agents' time from queue_log: there, on a break, in after-call work."""

from __future__ import annotations

import json

from queues.agent_time import Spell, SpellKind, Timeline, there_seconds
from queues.records import Record

LINES = """\
100|MANAGER|hotline-general|wang|ADDMEMBER|
100|MANAGER|hotline-tax|wang|ADDMEMBER|
150|NONE|hotline-general|wang|PAUSE|after_call_work
150|NONE|hotline-tax|wang|PAUSE|after_call_work
170|NONE|hotline-general|wang|UNPAUSE|
170|NONE|hotline-tax|wang|UNPAUSE|
200|NONE|hotline-general|wang|PAUSE|lunch
210|NONE|hotline-general|wang|PAUSE|training
260|NONE|hotline-general|wang|UNPAUSE|
300|MANAGER|hotline-general|wang|REMOVEMEMBER|
300|MANAGER|hotline-tax|wang|REMOVEMEMBER|
"""


def test_a_day_of_an_agent() -> None:
    timeline, told = Timeline(), {}
    for text in LINES.splitlines():
        line = Record.parse(text)
        assert line is not None
        timeline = Timeline.from_json(json.loads(json.dumps(timeline.as_json())))  # a restart between any two lines
        for spell in timeline.take(line):
            told[spell.kind, spell.began_at] = spell
    assert list(told.values()) == [
        Spell("wang", SpellKind.THERE, 100, 300), Spell("wang", SpellKind.WRAPUP, 150, 170, "after_call_work"),
        Spell("wang", SpellKind.BREAK, 200, 210, "lunch"), Spell("wang", SpellKind.BREAK, 210, 260, "training"),
    ]  # fmt: skip
    assert there_seconds(told.values(), "wang", 0, 1000) == 200 - 60, "after-call work is work"
    assert there_seconds(told.values(), "wang", 120, 205) == 80
    assert there_seconds(told.values(), "li", 0, 1000) == 0
