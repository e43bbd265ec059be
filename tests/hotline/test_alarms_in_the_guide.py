"""The operator's guide names every alarm that the program can raise, and says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
GUIDE = re.sub(r"\s+", " ", (ROOT / "docs/operator.md").read_text(encoding="utf-8"))
ROOMS = ("agi", "hotline", "queues", "speech", "tickets", "web")
LOUD = ("error", "exception", "critical")


def alarms() -> Iterator[tuple[str, str]]:
    """What is logged at level error: the words as they stand in the log, and where they are written."""
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOUD and _is_log(node.func.value):
                words = node.args[0] if node.args else None
                if isinstance(words, ast.Constant):
                    yield str(words.value), str(path.relative_to(ROOT))


def _is_log(what: ast.expr) -> bool:
    return isinstance(what, ast.Name) and what.id in ("log", "logger") or isinstance(what, ast.Attribute) and what.attr in ("_log", "log")


def test_there_are_alarms() -> None:
    assert len(list(alarms())) > 20


@pytest.mark.parametrize(("words", "where"), sorted(set(alarms())))
def test_an_alarm_stands_in_the_guide(words: str, where: str) -> None:
    assert f'"{words}"' in GUIDE, f'{where} raises "{words}": say in docs/operator.md what it means and what to do'
