"""`hotline records` and `hotline figures` on a database that a hotline left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli import build
from queues import record_store
from queues.storage import MIGRATIONS
from tests.queues.logs_of import whole
from tickets.database import Database

DAY = ("--begin", "2026-11-22", "--end", "2026-11-23")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    database = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    database.migrate(MIGRATIONS)
    record_store.store(database, list(whole("passed_on", tmp_path / "logs").records.values()))
    database.close()
    return CliRunner()


def test_records_as_a_table_as_json_and_as_csv(run: CliRunner) -> None:
    app = build()
    listed = run.invoke(app, ["records"]).output
    assert "138****0004" in listed and "13800000004" not in listed, "a screen may be seen by anybody"
    (gone,) = json.loads(run.invoke(app, ["records", "--outcome", "abandoned", "--json"]).output)["items"]
    assert (gone["caller"], gone["segments"][-1]["how"]) == ("13800000004", "abandoned")
    assert run.invoke(app, ["records", "--agent", "agent-1002", "--csv"]).output.count("\n") == 2
    assert "transfer" in run.invoke(app, ["records", "hotline12345-1795326080.4"]).output
    assert run.invoke(app, ["records", "none"]).exit_code == 1


def test_figures_by_what_and_in_steps(run: CliRunner) -> None:
    app = build()
    (row,) = json.loads(run.invoke(app, ["figures", *DAY, "--json"]).output)["items"]
    assert (row["offered"], row["answered"], row["abandoned"], row["connection_rate"], row["first_call_resolution"]) == (4, 3, 1, 0.75, None)
    assert "75.0%" in run.invoke(app, ["figures", *DAY]).output
    rows = json.loads(run.invoke(app, ["figures", *DAY, "--by", "queue", "--step", "hour", "--json"]).output)["items"]
    assert (len(rows), sum(row["offered"] for row in rows)) == (24, 4)
    assert run.invoke(app, ["figures", *DAY, "--by", "agent", "--csv"]).output.startswith("\ufeffname,begin,end,conversations")
    assert run.invoke(app, ["figures", "--by", "cats"]).exit_code == 2


def test_a_hotline_that_never_ran_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    answer = CliRunner().invoke(build(), ["records"])
    assert (answer.exit_code, answer.output.count("\n")) == (2, 1)
