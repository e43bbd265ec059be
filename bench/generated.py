"""1000 generated menus of 200 nodes through the pure engine: steps a second, a check in seconds, publishing in seconds."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hotline import menus
from hotline.settings import DIALPLANS
from ivr import flow
from ivr.events import Event, NoInput, Pressed
from ivr.loading import examine, load
from ivr.model import City

NODES: Final = 200
CITIES: Final = 1000
SAMPLE: Final = 60
"""Cities that are checked and published too; with FULL=1 all of them are."""
CALLS: Final = 20  # for each city
KEYS: Final = "123450*#"
MORNING: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ROOT, PERSON, MESSAGE = "12345", "12345-0", "12345-message"


def menus_of(seed: int) -> dict[str, Any]:
    """menus.yaml of a city with exactly NODES nodes: a tree of menus, with ends of every kind."""
    chance = random.Random(seed)  # noqa: S311 - the same menus every time
    nodes: dict[str, dict[str, Any]] = {
        PERSON: {"name": "person", "kind": "queue", "queue": "general", "type": "consultation", "prompt": "person"},
        MESSAGE: {"name": "message", "kind": "voicemail", "type": "help"},
    }
    growing = [ROOT]
    nodes[ROOT] = _menu(ROOT)
    while len(nodes) < NODES:
        above = growing.pop(0)
        for key in "12345"[: NODES - len(nodes)]:
            below = f"{above}-{key}"
            nodes[above]["choices"][key] = below
            grows = not growing or chance.random() < 0.4
            nodes[below] = _menu(below) if grows else _end(chance, below)
            growing += [below] if grows else []
    for left in growing:
        nodes[left]["choices"]["1"] = PERSON
    return {"root": ROOT, "person": PERSON, "nodes": nodes}


def _menu(name: str) -> dict[str, Any]:
    return {"name": name, "kind": "menu", "prompt": ["main-menu"], "choices": {}}


def _end(chance: random.Random, name: str) -> dict[str, Any]:
    kind = chance.choice(("queue", "voicemail", "hang-up", "transfer"))
    more: dict[str, Any] = {
        "queue": {"queue": "complaints", "type": "complaint"}, "voicemail": {"type": "praise"}, "hang-up": {}, "transfer": {"number": "05468110110"},
    }[kind]  # fmt: skip
    return {"name": name, "kind": kind, **more}


def texts(seed: int) -> dict[str, str]:
    """The files of that city; all but its menus are the product's own."""
    own = {path.name: path.read_text(encoding="utf-8") for path in (DIALPLANS / "12345").glob("*.yaml")}
    queues = json.dumps({name: {"name": name, "strategy": "ringall", "wait_seconds": 60, "overflow": MESSAGE} for name in ("general", "complaints")})
    numbers = json.dumps({"area_code": "0546", "country_code": "86", "numbers": {ROOT: ROOT}})
    return own | {"menus.yaml": json.dumps(menus_of(seed), indent=1), "queues.yaml": queues, "numbers.yaml": numbers}


def measure(full: bool) -> list[dict[str, Any]]:
    """One row. Every menu is walked; the sample, or all of them, is checked and published."""
    steps = calls = 0
    walking, checks, loads, publishing = 0.0, [], [], []
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        store = menus.Store(Path(folder))
        for seed in range(CITIES if full else SAMPLE):
            files = texts(seed)
            took, findings = _timed(lambda: examine(files))  # noqa: B023 - called at once
            if findings.faults:
                raise ValueError(f"menus {seed} may not be published: {findings.faults[0]}")
            checks.append(took)
            took, city = _timed(lambda: load(files))  # noqa: B023
            loads.append(took)
            took, _ = _timed(lambda: store.publish(files, "measured", "bench", MORNING))  # noqa: B023
            publishing.append(took)
            for more in range(1 if full else CITIES // SAMPLE):
                keys = list(_calls(seed, more))
                took, walked = _timed(lambda: sum(_walk(city, one) for one in keys))  # noqa: B023
                walking, steps, calls = walking + took, steps + walked, calls + CALLS
    return [{
        "menus": len(checks), "nodes": NODES, "calls": calls, "steps": steps, "steps_per_second": round(steps / walking),
        "check_s_median": round(statistics.median(checks), 2), "check_s_longest": round(max(checks), 2), "load_s_median": round(statistics.median(loads), 2),
        "publish_s_median": round(statistics.median(publishing), 2), "publish_s_longest": round(max(publishing), 2),
    }]  # fmt: skip


def _calls(seed: int, more: int) -> Iterator[list[Event]]:
    chance = random.Random(f"{seed} {more}")  # noqa: S311
    for _ in range(CALLS):
        yield [NoInput() if chance.random() < 0.1 else Pressed(chance.choice(KEYS)) for _ in range(flow.TURN_LIMIT)]


def _walk(city: City, events: list[Event]) -> int:
    """Steps until the call leaves the menu."""
    place, _ = flow.begin(city, flow.Call(called=ROOT, now=MORNING, at=ROOT))  # the dialplan says where
    for count, event in enumerate(events):
        if place.outcome:
            return count
        place, _ = flow.step(place, event, MORNING)
    return len(events)


def _timed(do: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = do()
    return time.perf_counter() - began, result
