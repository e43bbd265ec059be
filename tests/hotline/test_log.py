"""No caller's whole number reaches a log file, whoever writes the line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from hotline import log


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before = root.handlers, root.level, {name: logging.getLogger(name).level for name in log.QUIET}
    log.configure("telephony", tmp_path)
    yield tmp_path / "telephony.log"
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before[0], before[1]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("number", "masked"),
    [("13812341234", "138****1234"), ("054612345678", "054*****5678"), ("12345", "1****"), ("", "")],
)
def test_a_number_is_masked(number: str, masked: str) -> None:
    assert log.mask(number) == masked


def test_our_lines_and_those_of_libraries_are_json_and_masked(lines: Path) -> None:
    structlog.get_logger("agi").info("caller left", linkedid="1763775364.12", caller="13812341234", note="from 0546-7654321")
    logging.getLogger("library").warning("cannot reach %s", "+8613812341234")
    ours, theirs = (json.loads(line) for line in lines.read_text().splitlines())
    assert (ours["event"], ours["linkedid"], ours["caller"]) == ("caller left", "1763775364.12", "138****1234")
    assert ours["note"] == "from 054*****4321"
    assert "13812341234" not in json.dumps(theirs)


def test_ticket_numbers_and_times_stay_readable(lines: Path) -> None:
    structlog.get_logger("tickets").info("adopted 20261122-000001 at 2026-11-22T01:38:13")
    assert "20261122-000001 at 2026-11-22T01:38:13" in lines.read_text()
