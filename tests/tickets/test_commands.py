"""What an operator types: hotline tickets, hotline token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hotline.cli import build
from hotline.commands import tickets as commands
from queues import audit
from queues.storage import MIGRATIONS
from tickets.jobs import open_store
from tickets.spool import Item
from tickets.store import Document, Store

FAX = Item(item="F", kind="fax", caller="13800001234", path="12345-1-5", type="complaint")


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    store = open_store(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield store
    store.close()


def hotline(*words: str) -> Result:
    app = typer.Typer()
    commands.register(app)
    return CliRunner().invoke(app, words)


def said(*words: str) -> dict[str, object]:
    result = hotline(*words)
    assert result.exit_code == 0, result.output
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def test_tickets_are_listed_for_people_and_for_programs(register: Store) -> None:
    ticket = register.adopt(FAX, document=Document(pages=1))
    listing = hotline("tickets").stdout
    assert ticket.number in listing
    assert "138****1234" in listing
    assert "13800001234" not in listing
    assert said("tickets", "--json")["items"][0]["caller"] == "138****1234"  # type: ignore[index]
    assert said("tickets", "--json", "--reason", "回访")["items"][0]["caller"] == "13800001234"  # type: ignore[index]


def test_long_lists_say_where_to_go_on(register: Store) -> None:
    for n in range(3):
        register.adopt(Item(item=f"F{n}", kind="fax"), document=Document(0))
    page = said("tickets", "--json", "--limit", "2")
    assert page["next"] == page["items"][-1]["id"]  # type: ignore[index]


def test_one_ticket_is_shown_with_its_history(register: Store) -> None:
    ticket = register.adopt(FAX, document=Document(pages=1))
    assert [line["event"] for line in said("tickets", ticket.number, "--json")["history"]] == ["fax_received"]  # type: ignore[index,attr-defined]
    assert "fax_received" in hotline("tickets", ticket.number).stdout
    missing = hotline("tickets", "20200101-000001")
    assert (missing.exit_code, "no ticket has the number or id 20200101-000001" in missing.output) == (1, True)


def test_hostile_text_does_not_paint_the_terminal(register: Store) -> None:
    register.adopt(Item(item="E", kind="fax", path="[red]x[/red]\x1b[31m"), document=Document(0))
    assert "[red]x[/red][31m" in hotline("tickets").stdout


def test_a_dead_letter_is_listed_and_sent_again(register: Store) -> None:
    ticket = register.adopt(FAX, document=Document(pages=1))
    delivery = register.outbox.of_ticket(ticket.id)[0].id
    register.outbox.refused(delivery, "422 unknown type", 422)
    [dead] = said("tickets", "dead-letters", "--json")["items"]  # type: ignore[misc]
    assert (dead["id"], dead["last_error"]) == (delivery, "422 unknown type")  # type: ignore[index]
    assert "422 unknown type" in hotline("tickets", "dead-letters").stdout
    assert "is sent again" in hotline("tickets", "replay", delivery).stdout
    assert register.outbox.get(delivery).state == "waiting"
    assert delivery in register.jobs.live("deliver")  # type: ignore[attr-defined]
    assert hotline("tickets", "replay", delivery).exit_code == 1
    assert hotline("tickets", "replay").exit_code == 2
    assert hotline("tickets", "dead-letters", "x").exit_code == 2


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(register: Store) -> None:
    made = said("token", "create", "--role", "integration", "--name", "case system")
    assert register.tokens.find(str(made["token"])) is not None
    listing = hotline("token", "list").stdout + hotline("token", "list", "--json").stdout
    assert "case system" in listing
    assert str(made["token"]) not in listing
    assert hotline("token", "revoke", str(made["id"])).exit_code == 0
    assert register.tokens.find(str(made["token"])) is None
    assert hotline("token", "revoke", "X").exit_code == 1
    assert hotline("token", "create", "--role", "king").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [["tickets"], ["token", "list"], ["surges"], ["notices"], ["deliveries"], ["report", "week"], ["knowledge", "list"], ["agents", "list"], ["vault", "status"], ["persons", "erase", "13812345678", "--reason", "x"]],
    ids=" ".join,
)
def test_a_database_that_cannot_be_reached_is_one_clear_line(words: list[str], register: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = CliRunner().invoke(build(), words)
    assert result.exit_code == 2
    assert result.output.startswith("hotline: the database cannot be used: ")
    assert len(result.output.splitlines()) == 1


def test_a_ticket_is_moved_by_command(register: Store) -> None:
    number = register.adopt(FAX, document=Document(pages=1)).number
    assert hotline("tickets", "move", number, "accept").stdout.startswith(f"{number}: to_dispatch 待派单, due ")
    moved = said("tickets", "move", number, "dispatch", "--organisation", "water-company", "--helper", "heping-street", "--json")
    assert (moved["stage"], moved["helpers"]) == ("dispatched", ["heping-street"])
    events = said("tickets", "history", number, "--json")["items"]
    assert [line["event"] for line in events] == ["fax_received", "moved", "moved"]  # type: ignore[attr-defined]
    assert "dispatch" in hotline("tickets", "history", number).stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rate", "--rating", "fair"), "possible now: accept, refuse, answer"),
        (("refuse",), "refuse needs reason and way"),
        (("fly",), "no such move"),
    ],
)
def test_a_move_that_is_refused_says_what_is_possible(register: Store, words: tuple[str, ...], why: str) -> None:
    register.database.migrate(MIGRATIONS)
    number = register.adopt(FAX, document=Document(pages=1)).number
    refused = hotline("tickets", "move", number, *words)
    assert refused.exit_code == 1 and why in refused.stderr
    [line] = audit.lines(register.database)
    assert (line.outcome, line.target) == ("refused", number)


def test_the_history_is_verified(register: Store) -> None:
    register.adopt(FAX, document=Document(pages=1))
    whole = said("tickets", "verify")
    assert whole["lines"] == 1
    assert hotline("tickets", "verify", "--head", str(whole["head"])).exit_code == 0
    cut = hotline("tickets", "verify", "--head", "0" * 63 + "1")
    assert cut.exit_code == 1 and "cut off" in cut.stderr
