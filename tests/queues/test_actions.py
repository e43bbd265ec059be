"""Every action the hotline sends over AMI stands in ADR 0035, with what happens when its answer is lost."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ADR = (ROOT / "docs/adr/0035-an-action-without-an-answer.md").read_text(encoding="utf-8")
SENT = re.compile(r'"Action": "(\w+)"|_send\(\s*"(Queue\w+)"')


def test_every_action_has_a_way_to_find_out_what_became_of_it() -> None:
    sources = [path for room in ("queues", "agi", "hotline", "web") for path in (ROOT / room).rglob("*.py")]
    sent = {one or other for path in sources for one, other in SENT.findall(path.read_text(encoding="utf-8"))}
    assert len(sent) > 5
    assert sent <= set(re.findall(r"^\| `(\w+)` \|", ADR, re.MULTILINE))
