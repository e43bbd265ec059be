"""queues.yaml and waiting.yaml: each thing by itself; `ivr.queue_checks` looks at how they fit the city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr import model
from ivr.faults import Faults
from ivr.fields import NAME, SHAPES, Fields
from ivr.model import Queue
from ivr.queueing import KEY_ACTIONS, RELAX, SAYINGS, CallBacks, Overflow, Relax, Waiting, begins_abroad, is_pattern

QUEUES, WAITING = "queues.yaml", "waiting.yaml"
MOST_QUEUES = 200
MOST_SKILLS = 200
MOST_SKILLS_WANTED = 3  # by one caller: each combination is a queue of Asterisk's
HIGHEST_PRIORITY = 9  # elderly callers have 10, emergencies 20


def read_queues(tree: dict[str, Any], faults: Faults) -> dict[str, Queue]:
    """Every queue by its name."""
    if len(tree) > MOST_QUEUES:
        faults.add(QUEUES, "", f"{len(tree)} queues, at most {MOST_QUEUES} can be kept apart")
    return {name: _queue(name, Fields(QUEUES, name, value, faults)) for name, value in tree.items()}


def _queue(name: str, fields: Fields) -> Queue:
    if not NAME.fullmatch(name) or len(name) > 40:
        fields.fault("", f'"{name}" is not {SHAPES["name"][1]}')
    known: dict[str, Any] = {
        "strategy": fields.one_of("strategy", model.STRATEGIES, "strategy"),
        "wait_seconds": fields.count("wait_seconds", None, 5, 3600),
        "overflow": fields.text("overflow", "node"),
        "ring_seconds": fields.count("ring_seconds", 15, 3, 120),
        "wrapup_seconds": fields.count("wrapup_seconds", 10, 0, 3600),
        "maximum_waiting": fields.count("maximum_waiting", 0, 0, 100_000),
        "members": fields.texts("members", "name", most=1000),
        "retry_seconds": fields.count("retry_seconds", 1, 1, 60),
        "weight": fields.count("weight", 0, 0, 100),
        "penalty_limit": fields.count("penalty_limit", 0, 0, 1000),
        "priority": fields.count("priority", 0, 0, HIGHEST_PRIORITY),
        "skills": fields.texts("skills", "name", most=MOST_SKILLS),
        "languages": fields.pairs("languages", "language", "name") if "languages" in fields.names() else {},
        "relax": _relax(fields),
        "keys": _keys(fields),
        "overflows": _overflows(fields),
        "say": fields.one_of("say", SAYINGS, "saying", required=False) or SAYINGS[0],
        "say_seconds": fields.count("say_seconds", 45, 15, 3600),
        "handle_seconds": fields.count("handle_seconds", 180, 10, 3600),
        "missed_calls": fields.count("missed_calls", 3, 0, 20),
        "caller_hears": fields.one_of("caller_hears", ("work-number", "nothing"), "announcement", required=False) or "work-number",
        "agent_hears": fields.one_of("agent_hears", ("queue", "nothing"), "announcement", required=False) or "nothing",
        "captions": fields.one_of("captions", ("live",), "word", required=False) == "live",
        "satisfaction": fields.one_of("satisfaction", ("ask",), "word", required=False) == "ask",
    }
    queue = Queue(name=name, label=fields.text("name", "label"), **known)
    fields.done(("name", *known))
    return queue


def _relax(fields: Fields) -> tuple[Relax, ...]:
    texts = fields.texts("relax", "label", most=9)
    steps = [Relax.parse(text) for text in texts]
    for at, (text, step) in enumerate(zip(texts, steps, strict=True), 1):
        if step is None and text:
            fields.fault(f"relax/{at}", f'"{text}" is not seconds and a level, such as "20 4"')
    known = tuple(step for step in steps if step is not None)
    if not known:
        return RELAX
    if known[0].seconds != 0:
        fields.fault("relax", "must begin with 0 seconds: what a caller waits for first")
    if any(later.seconds <= step.seconds or later.level >= step.level for step, later in zip(known, known[1:], strict=False)):
        fields.fault("relax", "must ask for less with every step, each later than the one before")
    if known[-1].level != 0:
        fields.fault("relax", "must end with level 0: in the end anyone will do, or some callers would wait for ever")
    return known


def _keys(fields: Fields) -> Mapping[str, str]:
    if "keys" not in fields.names():
        return {}
    keys = fields.pairs("keys", "waiting-key", "name")
    for key, action in keys.items():
        if action and action not in KEY_ACTIONS:
            fields.fault(f"keys/{key}", f'"{action}" is none of {", ".join(KEY_ACTIONS)}')
    return keys


def _overflows(fields: Fields) -> tuple[Overflow, ...]:
    texts = fields.texts("overflows", "label", most=9)
    found = []
    for at, text in enumerate(texts, 1):
        overflow = Overflow.parse(text)
        if overflow is None and text:
            fields.fault(f"overflows/{at}", f'"{text}" is not when and where to, such as "after 40 to queue general" or "nobody to number 05468888888"')
        found.append(overflow)
    if sum(overflow is not None and overflow.when == "after" for overflow in found) > 1:
        fields.fault("overflows", "has more than one `after`: the caller has gone with the first")
    return tuple(overflow for overflow in found if overflow is not None)


def read_waiting(tree: dict[str, Any], faults: Faults) -> Waiting:
    """The whole file; every part of it may be left out."""
    fields = Fields(WAITING, "", tree, faults)
    names = fields.names()
    skills = fields.pairs("skills", "name", "label") if "skills" in names else {}
    again = Fields(WAITING, "again", fields.take("again") if "again" in names else {}, faults)
    waiting = Waiting(
        skills=skills,
        callbacks=_callbacks(Fields(WAITING, "callbacks", fields.take("callbacks") if "callbacks" in names else {}, faults)),
        again_hours=again.count("hours", 0, 0, 24),
        again_priority=again.count("priority", 0, 0, HIGHEST_PRIORITY),
    )
    again.done(("hours", "priority"))
    fields.done(("skills", "callbacks", "again"))
    return waiting


def _callbacks(fields: Fields) -> CallBacks:
    usual = CallBacks()
    numbers = fields.texts("numbers", "label", most=50) or usual.numbers
    for at, pattern in enumerate(numbers, 1):
        if pattern and not is_pattern(pattern):
            fields.fault(f"numbers/{at}", f'"{pattern}" is not a pattern of 7 to 15 digits such as "1[3-9]XXXXXXXXX" (X 0-9, Z 1-9, N 2-9, no wildcards)')
        elif pattern and begins_abroad(pattern):
            fields.fault(f"numbers/{at}", f'"{pattern}" takes numbers that begin with 00: they are abroad')
    rules = CallBacks(
        numbers=numbers,
        a_day=fields.count("a_day", usual.a_day, 1, 20),
        tries=fields.count("tries", usual.tries, 1, 10),
        pause_minutes=fields.count("pause_minutes", usual.pause_minutes, 1, 1440),
        ring_seconds=fields.count("ring_seconds", usual.ring_seconds, 10, 60),
        first=fields.text("first", "clock", required=False) or usual.first,
        last=fields.text("last", "clock", required=False) or usual.last,
    )
    fields.done(("numbers", "a_day", "tries", "pause_minutes", "ring_seconds", "first", "last"))
    if rules.first >= rules.last:
        fields.fault("last", f"{rules.last} is not after {rules.first}")
    return rules
