"""What the conversation's own lines of queue_log mean."""

from __future__ import annotations

import pytest

from queues.happenings import CalledOut, CallerRated, ColleagueAnswered, Happening, Transferred
from queues.records import Ledger, Record


def told(line: str) -> list[Happening]:
    record = Record.parse(f"1795323529|{line}")
    assert record is not None
    return Ledger().follow([record])


AT = Record.parse("1795323529|x|y|z|CONNECT|").at  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "happening"),
    [
        ("h-1.1|hotline-general|li/102|HOTLINERATING|h-1.1|3", CallerRated("h-1.1", "general", "li", "3", AT)),
        ("h-1.1|hotline-general|wang|HOTLINETRANSFER|h-1.1|outside|police", Transferred("h-1.1", "wang", "outside", "police", AT)),
        ("h-1.1|hotline-general|li|HOTLINEANSWER|h-1.1|agent", ColleagueAnswered("h-1.1", "li", AT)),
        ("h-1.1|NONE|boss|HOTLINEJOIN|h-1.1", ColleagueAnswered("h-1.1", "boss", AT)),
        ("out-1|NONE|wang|HOTLINEOUT|out-1|13800138000|20261122-000001", CalledOut("out-1", "wang", "20261122-000001", AT)),
    ],
)
def test_a_line_is_a_happening(line: str, happening: Happening) -> None:
    assert told(line) == [happening]


def test_a_department_that_answers_is_no_colleague() -> None:
    assert told("h-1.1|hotline-general|police|HOTLINEANSWER|h-1.1|outside") == []
