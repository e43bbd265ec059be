"""What an operator types about the case system: hotline deliveries, hotline reconcile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hotline.commands import deliveries as commands
from hotline.register import open_register
from tests.tickets.case_systems import Example, example
from tests.tickets.process import KEY
from tests.tickets.simulated import World
from tickets.case_system import CaseSystem
from tickets.connectors.webhook import Webhook
from tickets.store import Store

A, B = "20261123-000001", "20261123-000002"


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Example]:
    with example(tmp_path, KEY) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: Example) -> Iterator[Store]:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    (tmp_path / "settings.yaml").write_text(f"case_system: {{url: '{theirs.url}', secret_file: case-system-key, reconciliation_url: '{theirs.url}'}}\n")
    made = open_register(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield made
    made.close()


def hotline(*words: str) -> Result:
    app = typer.Typer()
    commands.register(app)
    return CliRunner().invoke(app, words)


def test_a_day_that_differs_is_named_sent_again_and_then_the_same(store: Store, theirs: Example) -> None:
    world = World(store)
    world.runner.case_system = CaseSystem(Webhook(theirs.url, KEY))
    for about in (A, B):
        with store.database.writes() as session:
            store.outbox.put(session, "ticket.updated", about, {"ticket": {"number": about}})
    waiting = json.loads(hotline("deliveries", "--json", "--limit", "1").stdout)
    assert (waiting["items"][0]["about"], waiting["next"]) == (A, waiting["items"][0]["id"])
    world.turn(seconds=1)
    same = hotline("reconcile", "2026-11-23")
    assert (same.exit_code, "2 tickets and calls, the same on both sides" in same.output) == (0, True), same.output
    with store.database.writes() as session:
        store.outbox.put(session, "ticket.updated", A, {"ticket": {"number": A}})
    for delivery in store.outbox.waiting():
        store.outbox.delivered(delivery.id, world.case_system.deliver(store.outbox.due(delivery.id, 0)[1]))  # type: ignore[index]  # somewhere else
    differing = hotline("reconcile", "2026-11-23", "--resend")
    assert (differing.exit_code, differing.output.split()[2:4], "2 are sent again" in differing.output) == (1, [A, "different"], True), differing.output
    assert [row["about"] for row in json.loads(hotline("deliveries", "--json").stdout)["items"]] == [A, A]


def test_replaying_from_a_point(store: Store) -> None:
    with store.database.writes() as session:
        made = store.outbox.put(session, "ticket.updated", A, {})
    store.outbox.refused(made.id, "422 no", 422)
    assert "422 no" in hotline("deliveries", "--dead").output
    done = hotline("deliveries", "replay", "--since", made.id, "--ticket", A)
    assert (done.exit_code, done.output) == (0, "1 are sent again\n"), done.output
    assert hotline("deliveries", "replay", "--since", made.id, "--ticket", B).exit_code == 1
    nonsense = hotline("deliveries", "replay", "--since", "sometime")
    assert (nonsense.exit_code, "neither a delivery's id nor a time" in nonsense.output) == (2, True)


@pytest.mark.parametrize(("settings", "why"), [("{}", "there is no case system"), ("{case_system: {url: 'http://127.0.0.1:1/'}}", "reconciliation_url"), ("{case_system: {url: 'http://127.0.0.1:1/', reconciliation_url: 'http://127.0.0.1:1/'}}", "cannot be asked")])
def test_a_case_system_that_cannot_be_asked(store: Store, tmp_path: Path, settings: str, why: str) -> None:
    (tmp_path / "settings.yaml").write_text(settings)
    answer = hotline("reconcile", "2026-11-22")
    assert (answer.exit_code, why in answer.output) == (2, True), answer.output


def test_a_day_that_is_none(store: Store) -> None:
    assert hotline("reconcile", "2026-02-30").exit_code == 2
