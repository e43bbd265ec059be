"""Real workers and a real network: one is killed in the middle of a delivery, the case system is slow, the example follows along."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.tickets.case_systems import example, moody
from tests.tickets.process import KEY
from tests.tickets.schemas import validator
from tests.tickets.stage import Stage, until
from tests.tickets.test_moves import RULES, WANG
from tickets.announcing import TICKET_EVENTS
from tickets.case import Cases
from tickets.connectors.webhook import Webhook
from tickets.life import now
from tickets.models import Delivery, Lease
from tickets.numbers import SHANGHAI
from tickets.outbox_tables import Bookmark
from tickets.reconciliation import Reconciling
from tickets.spool import Item
from tickets.store import Document

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def listens(stage: Stage) -> bool:
    with stage.store.database.reads() as session:
        return session.get(Bookmark, "case system") is not None


def test_a_worker_killed_in_the_middle_of_a_delivery_and_its_successor(stage: Stage) -> None:
    """The case system has taken it and says nothing; the worker dies; its successor sends it again under the same key, then the rest."""
    with moody(0) as system:
        first = stage.worker(system.url, *TICKET_EVENTS)
        until(lambda: listens(stage), "the worker reads history")
        ticket = stage.store.adopt(Item(item="F", kind="fax", caller="13800001234"), document=Document(pages=1))
        until(lambda: len(system.requests) == 1, "the first delivery is on its way")
        stage.kill(first)
        Cases(stage.store.database, lambda: RULES).move(ticket.number, "accept", WANG)  # nobody is there to tell it
        with stage.store.database.writes() as session:  # a minute passes
            for lease in session.query(Lease):
                lease.renewed_at -= timedelta(minutes=2)
        stage.worker(system.url, *TICKET_EVENTS)
        until(lambda: len(system.requests) == 4, "all of it")
        until(lambda: not stage.store.outbox.waiting(), "all is noted")
    keys = [headers["Idempotency-Key"] for headers, _ in system.requests]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert system.requests[0][1] == system.requests[1][1], "the same bytes"
    bodies = [json.loads(body) for _, body in system.requests[1:]]
    assert [body["event"] for body in bodies] == ["ticket", "ticket.created", "ticket.updated"]
    assert {headers["X-Hotline-Day"] for headers, _ in system.requests} == {now().astimezone(SHANGHAI).date().isoformat()}


def test_the_example_follows_a_ticket_and_both_sides_have_the_same(stage: Stage, tmp_path: Path) -> None:
    with example(tmp_path, KEY) as theirs:
        stage.worker(theirs.url, *TICKET_EVENTS)
        until(lambda: listens(stage), "the worker reads history")
        ticket = stage.store.adopt(Item(item="F", kind="fax"), document=Document(pages=1, path="documents/a.pdf", sha256="ab" * 32))
        Cases(stage.store.database, lambda: RULES).move(ticket.number, "accept", WANG)
        until(lambda: len(theirs.received()) == 4, "all of it")
        until(lambda: not stage.store.outbox.waiting(), "all is noted")
        received = theirs.received()
        for entry in received:
            validator(f"{entry['event']}.1.json").validate({name: value for name, value in entry.items() if name not in ("received", "key", "day", "about", "sha256")})
        assert [entry["event"] for entry in received] == ["ticket", "ticket.created", "ticket.attached", "ticket.updated"]
        found = Reconciling(stage.store.outbox).reconcile(now().astimezone(SHANGHAI).date(), Webhook(theirs.url, KEY, 5, theirs.url))
        assert found is not None
        assert (found.compared, found.differences) == (1, 0)


def test_one_ticket_that_hangs_holds_up_nobody_else(stage: Stage) -> None:
    """Slow answers: the first request is held until the end, the others go through meanwhile."""
    with moody(0) as system:
        stage.worker(system.url)
        first = stage.store.adopt(Item(item="F", kind="fax"), document=Document(0))
        until(lambda: len(system.requests) == 1, "the first hangs")
        for number in range(5):
            stage.store.adopt(Item(item=f"G{number}", kind="fax"), document=Document(0))
        until(lambda: len(stage.store.outbox.waiting()) == 1, "the others are there")
        assert stage.store.ticket(first.id).status == "open"
        with stage.store.database.reads() as session:
            assert session.query(Delivery).filter_by(state="delivered").count() == 5
