"""No caller's whole number reaches a log file, whoever writes the line."""

from __future__ import annotations

import json
import logging
import re
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


@pytest.mark.parametrize(
    "text",
    ["008613812341234", "+86 138 1234 1234", "from 138 1234 1234.", "138-1234-1234", "(0546)7651234", "0546 765 1234", "7651234 called",
     "来电87651234请", "sip:7651234@10.0.0.1", "<sip:13812341234@10.0.0.1>", "PJSIP/13812341234-00000001"],
)  # fmt: skip
def test_numbers_are_masked_however_they_are_written(text: str) -> None:
    masked = log.mask_private(None, "info", {"note": text})["note"].removesuffix("-00000001")
    assert re.search(r"\d{5}|\d[ -]?\d{4}[ -]?\d{4}", masked) is None
    assert "*" in masked


@pytest.mark.parametrize(
    "text",
    ["1763775364.12", "20261122-000001 at 2026-11-22T01:38:13.123456+08:00", "20261122-000001 2026-11-22", "ports 10000-19999", "20261122",
     "http://127.0.0.1:12345/health", "(process 2990371)", "01JD13QX4M7Z3N5V8K2B6T9W0R", "12345-1-1", "0.2345678 s"],
)  # fmt: skip
def test_what_is_no_number_of_a_caller_stays_readable(text: str) -> None:
    assert log.mask_private(None, "info", {"note": text}) == {"note": text}


def test_numbers_inside_lists_and_mappings_are_masked() -> None:
    line = {"event": "x", "rows": [{"caller": "7651234", "at": 5}, ("from 13812341234",)], "number": 13812341234, "port": 5060}
    masked = log.mask_private(None, "info", line)
    assert masked == {"event": "x", "rows": [{"caller": "7******", "at": 5}, ["from 138****1234"]], "number": "138****1234", "port": 5060}
    endless: list[object] = []
    endless.append(endless)
    assert "…" in json.dumps(log.mask_private(None, "info", {"rows": endless}), ensure_ascii=False)


def test_a_row_s_own_values_are_left_out_of_a_database_s_error(lines: Path) -> None:
    """PostgreSQL says them in DETAIL, whatever they are; the rest of its error stays."""
    try:
        raise ValueError(
            'duplicate key value violates unique constraint "tickets_item_key"\n'
            "DETAIL:  Failing row contains (7, 王小明, 370502199001011234,\n  second line of a message).\n"
            "HINT:  look elsewhere"
        )
    except ValueError:
        structlog.get_logger("worker").exception("no ticket yet")
    [line] = (json.loads(line) for line in lines.read_text().splitlines())
    assert "王小明" not in line["exception"] and "second line" not in line["exception"]
    assert "DETAIL: (left out)\nHINT:  look elsewhere" in line["exception"] and "tickets_item_key" in line["exception"]
