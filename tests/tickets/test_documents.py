"""The integrator's guide says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tickets import wire
from tickets.connectors.webhook import TRY_AGAIN
from tickets.life import begin, note
from tickets.models import EVENTS, TYPES
from tickets.patience import Patience
from tickets.signing import signature
from tickets.store import Store

GUIDE = (Path(__file__).parents[2] / "docs" / "integrator.md").read_text("utf-8")


def found(pattern: str) -> str:
    match = re.search(pattern, GUIDE, re.DOTALL)
    assert match is not None, pattern
    return match[1]


def test_the_worked_example_of_the_signature_is_right() -> None:
    key, timestamp = found(r"the key `([^`]+)`"), found(r"the timestamp `(\d+)`")
    body = found(r"```json\n(.*?)\n```")
    assert found(r"X-Hotline-Signature: (sha256=\w+)") == signature(key.encode(), timestamp, body.encode())


def test_every_field_of_a_ticket_is_explained(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    store.migrate()
    with store.database.writes() as session:
        written = set(wire.ticket(begin(session, "fax", "open"), show_caller=True))
    store.close()
    table = found(r"\| field of `ticket` \| what \|\n(.*?)\n\n")
    explained = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert explained == written
    assert all(f"`{name}` {chinese}" in table for name, chinese in TYPES.items())


def test_the_answers_that_mean_later_and_the_pauses_are_those_of_the_program() -> None:
    assert found(r"4xx except ([\d, ]+) \|") == ", ".join(map(str, TRY_AGAIN))
    patience = Patience()
    assert f"{patience.first_seconds:g} s" in GUIDE
    assert (patience.longest_seconds, "up to an hour" in GUIDE) == (3600, True)


def test_every_event_is_explained_and_no_other_is_written(tmp_path: Path) -> None:
    table = found(r"\| `event` \| what \|\n(.*)$")
    explained = dict(re.findall(r"\| `(\w+)` \| (.+?) \|", table))  # the guide may say more than the program does
    assert explained.keys() == EVENTS.keys()
    assert all(explained.values())
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    store.migrate()
    with store.database.writes() as session:
        ticket = begin(session, "fax", "open")
        session.add(ticket)
        with pytest.raises(ValueError, match="'vanished' is no event of a ticket"):
            note(session, ticket, "vanished", {})
    store.close()
