"""`hotline agents …`: people made, changed, imported and removed from the command line, each deed in the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotline.cli import build
from queues import audit, people
from tickets.database import Database


@pytest.fixture
def database(tmp_path: Path, queues_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "hotline.sqlite3").write_bytes(queues_sqlite.read_bytes())
    return Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")


def hotline(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(build(), words, input=typed)


def test_people_from_the_command_line(database: Database, tmp_path: Path) -> None:
    made = hotline("agents", "add", "li", "--name", "李明", "--work-number", "1024", "--skill", "tax:7", "--dialect", "cantonese", "--pin", typed="4711\n")
    assert json.loads(made.stdout)["has_pin"] is True and "4711" not in made.output
    assert json.loads(hotline("agents", "edit", "li", "--level", "5", "--inactive").stdout)["active"] is False
    assert people.find(database, "li").level == 5
    roster = tmp_path / "people.csv"
    roster.write_text("login,name,work_number,pin,active\nli,李明,1024,2580,yes\nwang,王芳,1025,,\n")
    assert json.loads(hotline("agents", "import", str(roster)).stdout) == {"added": 1, "changed": 1}
    assert people.by_pin(database, "1024", "2580").login == "li"
    listed = hotline("agents", "list", "--json")
    assert [one["login"] for one in json.loads(listed.stdout)["items"]] == ["li", "wang"]
    assert "李明" in hotline("agents", "list").stdout
    assert hotline("agents", "pin", "li", "--none").exit_code == 0 and people.find(database, "li").pin is None
    assert hotline("agents", "remove", "wang").exit_code == 0
    assert {line.role for line in audit.lines(database)} == {"administrator"}
    assert [line.action for line in reversed(audit.lines(database))] == [
        "agent.add", "agent.edit", "agent.edit", "agent.pin", "agent.add", "agent.pin", "agent.remove",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("edit", "nobody", "--level", "1"), 1, "no agent has the login 'nobody'"),
        (("remove", "nobody"), 1, "no agent"),
        (("add", "li", "--name", "x"), 1, "work_number: must be given"),
        (("add", "li", "--name", "x", "--work-number", "1", "--skill", "tax"), 2, "NAME:LEVEL"),
        (("import", "nowhere.csv"), 1, "nowhere.csv"),
    ],
)
def test_mistakes_are_one_clear_line(database: Database, words: tuple[str, ...], code: int, why: str) -> None:
    done = hotline("agents", *words)
    assert done.exit_code == code and why in done.stderr
    assert people.everybody(database) == []


def test_a_token_is_somebodys_own(database: Database) -> None:
    assert hotline("token", "create", "--role", "agent", "--agent", "li").exit_code == 2
    hotline("agents", "add", "li", "--name", "李明", "--work-number", "1024")
    made = json.loads(hotline("token", "create", "--role", "agent", "--agent", "li").stdout)
    assert made["agent"] == "li"


def test_a_pin_is_no_argument() -> None:
    """Those can be read in the list of processes."""
    assert hotline("agents", "pin", "li", "4711").exit_code == 2
