"""What telephony counts of callers in the menu stands in /metrics of another process."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from unittest.mock import Mock

import pytest

from agi.server import Counts
from hotline.serve import counted
from tickets.spool import Spool
from web.metrics import Figures, exposition


def scraped(path: Path) -> str:
    figures = Figures(Mock(), Spool(path.parent), lambda: None, lambda: [], lambda: counted.read(path))
    figures._of_register = lambda: iter(())  # type: ignore[method-assign]
    return exposition(figures).decode()


def test_outcomes_and_callers_in_the_menu_are_told(tmp_path: Path) -> None:
    path = counted.where(tmp_path)
    counted.write(path, Counts(Counter(queue=3, gone=1), active=2))
    text = scraped(path)
    assert "hotline_agi_sessions_active 2.0" in text
    assert 'hotline_agi_sessions_total{outcome="queue"} 3.0' in text
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [None, "", "{", "[]", '{"active": 1}', '{"active": "x", "sessions": {}}', '{"active": 1, "sessions": []}'])
def test_without_figures_there_are_none(tmp_path: Path, damage: str | None) -> None:
    path = tmp_path / "agi.json"
    if damage is not None:
        path.write_text(damage)
    assert "hotline_agi" not in scraped(path)


def test_figures_of_a_process_that_is_gone_are_none(tmp_path: Path) -> None:
    path = counted.where(tmp_path)
    counted.write(path, Counts(Counter(queue=3), active=2))
    os.utime(path, (time.time() - 60,) * 2)
    assert "hotline_agi" not in scraped(path)


async def test_a_disk_that_refuses_costs_the_figures_only(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    writing = asyncio.create_task(counted.keep_writing(counted.where(tmp_path), Counts(Counter())))
    await asyncio.sleep(0)
    assert not writing.done()
    writing.cancel()
