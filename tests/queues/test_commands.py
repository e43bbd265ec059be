"""`hotline queues`, `agents`, `calls`, on a picture that lies in the home."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotline.cli import build
from queues import snapshot
from queues.model import Agent, AgentState, Call, Doing, QueueView, Waiting
from queues.snapshot import Snapshot


def picture(now: datetime) -> Snapshot:
    waiting = Waiting("a-2.0", "complaints", "13800001234", now.timestamp() - 30)
    talking = Call(
        "a-1.0", "13900005678", "12345", now.timestamp(), "12345-1-1", "complaint", Doing.TALKING, "complaints", "1001"
    )
    return Snapshot(
        written_at=now, connected=True, fault=None,
        queues=(QueueView("complaints", "leastrecent", ("1001",), 1, 0, (waiting,)),),
        agents=(Agent("1001", AgentState.TALKING, True, "午餐", ("complaints",), 7, "a-1.0"),),
        calls=(talking,), recent=(Call("a-0.0", "13700009999", "12345", 1.0, ended=2.0),),
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    snapshot.write(snapshot.where(tmp_path), picture(datetime.now(UTC)))
    return tmp_path


def hotline(*words: str) -> Result:
    return CliRunner().invoke(build(), words)


def items(*words: str) -> list[dict[str, object]]:
    answer = json.loads(hotline(*words, "--json").stdout)
    assert answer["next"] is None and answer["stale"] is False
    return answer["items"]  # type: ignore[no-any-return]


def test_a_picture_reads_back_as_it_was_written(home: Path) -> None:
    made = picture(datetime.now(UTC))
    snapshot.write(snapshot.where(home), made)
    assert snapshot.read(snapshot.where(home)) == made


def test_each_listing_as_json(home: Path) -> None:
    [queue] = items("queues")
    assert (queue["name"], queue["free"], len(queue["waiting"])) == ("complaints", 0, 1)  # type: ignore[arg-type]
    [agent] = items("agents")
    assert (agent["phone"], agent["state"], agent["paused"], agent["linkedid"]) == ("1001", "talking", True, "a-1.0")
    [call] = items("calls")
    assert (call["doing"], call["agent"], call["caller"]) == ("talking", "1001", "13900005678")
    assert [call["linkedid"] for call in items("calls", "--past")] == ["a-0.0"]


def test_on_a_screen_callers_numbers_are_masked(home: Path) -> None:
    shown = hotline("calls").stdout
    assert "139****5678" in shown and "13900005678" not in shown
    assert re.search(r"complaints .* 3\d s", hotline("queues").stdout)
    assert "talking (paused 午餐)" in hotline("agents").stdout


def test_an_old_picture_is_shown_with_a_word_about_its_age(home: Path) -> None:
    old = Snapshot(datetime.now(UTC) - timedelta(seconds=90), False, "Asterisk closed the link", (), (), (), ())
    snapshot.write(snapshot.where(home), old)
    shown = hotline("queues", "--json")
    assert shown.exit_code == 0 and json.loads(shown.stdout)["stale"] is True
    assert re.search(r"9\d s ago \(Asterisk closed the link\)", shown.stderr)


def test_without_a_picture_it_says_why(home: Path) -> None:
    snapshot.where(home).unlink()
    shown = hotline("agents")
    assert shown.exit_code == 1 and "no hotline has run" in shown.stderr


@pytest.mark.parametrize("command", ["queues", "agents", "calls"])
def test_before_the_first_run_programs_get_json_too(home: Path, command: str) -> None:
    snapshot.where(home).unlink()
    done = hotline(command, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["items"], told["stale"]) == (1, [], True)
    assert "no hotline has run" in told["error"]
