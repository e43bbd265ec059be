"""Tickets reach the city's case system once, signed; what it refuses is shown to a person and can be sent again."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from tests.tickets.case_systems import Example, example, moody
from tests.tickets.process import KEY
from tests.tickets.stage import Stage, until
from tickets.case_system import CaseSystem
from tickets.connectors import Event, Refused, Unreachable
from tickets.connectors.webhook import Webhook
from tickets.life import now
from tickets.models import Delivery
from tickets.outbox import NoSuchDelivery
from tickets.patience import Patience
from tickets.runner import Runner
from tickets.signing import signature
from tickets.spool import Item
from tickets.store import Document, Store

DAY = 86400
ANY = Event("k", "ticket", "{}", date(2026, 11, 22))


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Example]:
    with example(tmp_path, KEY) as running:
        yield running


def a_delivery(store: Store) -> Delivery:
    ticket = store.adopt(Item(item="F", kind="fax", caller="13800001234"), document=Document(pages=0, error="no page"))
    return store.outbox.of_ticket(ticket.id)[0]


def attempt(store: Store, case_system: Webhook, patience: Patience | None = None) -> Delivery:
    """One job of the worker."""
    delivery = store.outbox.of_ticket(store.tickets()[0].id)[0]
    Runner(store, Path(), lambda _: pytest.fail("nothing to hear"), "x", CaseSystem(case_system, patience or Patience())).deliver(
        delivery.id, delivery.attempts
    )
    return store.outbox.get(delivery.id)


def test_a_ticket_reaches_the_example_case_system_once(store: Store, receiver: Example) -> None:
    delivery = a_delivery(store)
    case_system = Webhook(receiver.url, KEY)
    assert attempt(store, case_system).state == "delivered"
    assert store.tickets()[0].status == "handed_over"
    [line] = receiver.received()
    assert line["ticket"]["number"] == store.tickets()[0].number
    assert line["ticket"]["caller"] == "13800001234", "the case system must be able to call back"
    assert case_system.deliver(Event(delivery.idempotency_key, "ticket", delivery.body, ANY.day)).status == 200
    assert len(receiver.received()) == 1, "the same key is stored once"


def test_a_wrong_key_is_refused_and_becomes_a_dead_letter(store: Store, receiver: Example) -> None:
    a_delivery(store)
    delivery = attempt(store, Webhook(receiver.url, b"another key"))
    assert (delivery.state, delivery.last_status) == ("dead", 401)
    assert "wrong signature" in str(delivery.last_error)
    assert store.tickets()[0].status == "refused"
    assert receiver.received() == []
    assert [d.id for d in store.outbox.dead_letters()] == [delivery.id]


@pytest.mark.parametrize(("status", "patience"), [(400, Patience()), (503, Patience()), (503, Patience(give_up_days=0))])
def test_what_the_case_system_says_is_kept_with_the_ticket_and_not_logged(store: Store, status: int, patience: Patience) -> None:
    """It may repeat what the caller said."""
    a_delivery(store)
    with moody(status) as system, capture_logs() as logs:
        delivery = attempt(store, Webhook(system.url, KEY), patience)
    assert "因为不行" in str(delivery.last_error)
    assert [entry["reason"] for entry in logs] == [f"status {status}"]
    assert "因为不行" not in str(logs)


def test_a_case_system_that_is_away_is_logged_by_the_kind_of_its_absence(store: Store) -> None:
    a_delivery(store)
    with moody(0) as silent, capture_logs() as logs:
        attempt(store, Webhook(silent.url, KEY, timeout_seconds=0.1))
        attempt(store, Webhook("http://127.0.0.1:1/", KEY))
    assert [entry["reason"] for entry in logs] == ["TimeoutError", "ConnectError"]


def test_a_dead_letter_is_sent_again_when_the_cause_is_mended(store: Store, receiver: Example) -> None:
    a_delivery(store)
    dead = attempt(store, Webhook(receiver.url, b"another key"))
    store.outbox.replay(dead.id, "supervisor")
    assert attempt(store, Webhook(receiver.url, KEY)).state == "delivered"
    assert store.tickets()[0].status == "handed_over"
    assert [line.event for line in store.history()][1:] == ["hand_over_refused", "hand_over_replayed", "handed_over"]
    with pytest.raises(NoSuchDelivery, match="is delivered, not a dead letter"):
        store.outbox.replay(dead.id)


def test_an_old_request_sent_again_by_a_stranger_is_refused(receiver: Example) -> None:
    body, old = b'{"ticket": {"number": "1"}}', str(int(time.time()) - 3600)
    headers = {"X-Hotline-Timestamp": old, "X-Hotline-Signature": signature(KEY, old, body), "Idempotency-Key": "k"}
    assert httpx.post(receiver.url, content=body, headers=headers).status_code == 401
    assert receiver.received() == []


@pytest.mark.parametrize(
    ("body", "key", "status"), [(b"not json", "k", 422), (b"{}", "k", 422), (b"[]", "k", 422), (b"{}", "", 400)]
)
def test_what_is_no_ticket_is_refused(receiver: Example, body: bytes, key: str, status: int) -> None:
    moment = str(int(time.time()))
    headers = {"X-Hotline-Timestamp": moment, "X-Hotline-Signature": signature(KEY, moment, body), "Idempotency-Key": key}
    assert httpx.post(receiver.url, content=body, headers=headers).status_code == status


def test_the_worker_tries_until_the_case_system_is_back(stage: Stage) -> None:
    with moody(500, 503, 429) as system:
        item = stage.message()
        stage.worker(system.url)
        until(lambda: (t := stage.ticket(item)) is not None and t.status == "handed_over", "the fourth attempt")
    bodies = {body for _, body in system.requests}
    keys = {headers["Idempotency-Key"] for headers, _ in system.requests}
    assert (len(system.requests), len(bodies), len(keys)) == (4, 1, 1), "the same bytes under the same key"
    assert json.loads(bodies.pop())["ticket"]["transcript"] == "路灯坏了"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_these_answers_are_final(status: int) -> None:
    with moody(status) as system, pytest.raises(Refused, match="因为不行") as refusal:
        Webhook(system.url, KEY).deliver(ANY)
    assert refusal.value.status == status
    assert len(str(refusal.value)) < 2100


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 301, 302, 307, 100 + 204])
def test_these_answers_mean_later_and_redirects_are_not_followed(status: int) -> None:
    with moody(status) as system, pytest.raises(Unreachable):
        Webhook(system.url, KEY).deliver(ANY)
    assert len(system.requests) == 1, "a redirect could lead a ticket to a stranger"


def test_a_case_system_that_says_nothing_is_left_after_the_limit() -> None:
    began = time.monotonic()
    with moody(0) as system, pytest.raises(Unreachable, match="no answer within 0.3 s"):
        Webhook(system.url, KEY, timeout_seconds=0.3).deliver(ANY)
    assert time.monotonic() - began < 5


def test_an_answer_that_drips_does_not_hold_a_worker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Unreachable, match="no answer within"):
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        try:
            Webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", KEY, timeout_seconds=0.3).deliver(ANY)
        finally:
            thread.join(20)


def drip(server: socket.socket) -> None:
    """A byte of the answer now and then, until the other side has had enough."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
            connection.sendall(bytes([byte]))
            if select.select([connection], [], [], 0.05)[0] and not connection.recv(65536):
                return


def test_nobody_at_home_means_later() -> None:
    with pytest.raises(Unreachable, match="ConnectError"):
        Webhook("http://127.0.0.1:1/", KEY).deliver(ANY)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense", "http://[::1"])
def test_an_address_that_is_none_is_mended_later(url: str) -> None:
    with pytest.raises(Unreachable):
        Webhook(url, KEY).deliver(ANY)


def test_after_days_of_silence_it_is_given_up_and_shown(store: Store) -> None:
    delivery = a_delivery(store)
    with store.database.writes() as session:
        session.get_one(Delivery, delivery.id).give_up_from = now() - timedelta(days=3)
    delivery = attempt(store, Webhook("http://127.0.0.1:1/", KEY), Patience(give_up_days=3))
    assert delivery.state == "dead"
    assert str(delivery.last_error).startswith("given up after 3 days")
    store.outbox.replay(delivery.id)
    assert attempt(store, Webhook("http://127.0.0.1:1/", KEY)).state == "waiting", "a replay has its days again"


def test_pauses_grow_to_an_hour_and_are_never_the_same_for_all() -> None:
    patience, began = Patience(), now()
    pauses = [[(patience.next_attempt(n, began, began) or began) - began for _ in range(20)] for n in range(1, 40)]
    assert all(timedelta(seconds=2.5) <= p <= timedelta(seconds=5) for p in pauses[0])
    assert all(timedelta(minutes=30) <= p <= timedelta(hours=1) for p in pauses[-1])
    assert all(len(set(row)) > 1 for row in pauses)
    assert patience.next_attempt(5, began - timedelta(days=3), began) is None


def test_a_job_that_ran_twice_makes_one_chain_of_attempts(store: Store) -> None:
    delivery = a_delivery(store)
    runner = Runner(store, Path(), lambda _: pytest.fail("nothing to hear"), "x", CaseSystem(Webhook("http://127.0.0.1:1/", KEY)))
    crowd = [threading.Thread(target=runner.deliver, args=(delivery.id, 0)) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(20)
    assert store.outbox.get(delivery.id).attempts == 1


def test_without_a_case_system_tickets_wait(store: Store) -> None:
    delivery = a_delivery(store)
    Runner(store, Path(), lambda _: pytest.fail("nothing to hear"), "x").deliver(delivery.id, 0)
    assert store.outbox.get(delivery.id).state == "waiting"
