"""Two homes of our own over real HTTP on loopback: one files its tickets by Open311, the other takes them in."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.web.open311.conftest import RULES
from tickets.case import Cases, Said, Who
from tickets.case_system import CaseSystem
from tickets.connectors import Unreachable, Wishes, connect
from tickets.connectors.open311 import TOKEN, Open311, Status
from tickets.following import Follower
from tickets.life import begin, note
from tickets.models import DEAD, DELIVERED, OPEN, WAITING, Ticket
from tickets.notes import of_ticket
from tickets.open311 import Service
from tickets.runner import Runner
from tickets.store import Store
from web.app import create_app
from web.open311_routes import Provider

STAFF = Who("agent", "agent li")
LIMIT_SECONDS = 20


@dataclass
class Home:
    """One hotline: the other city's, which serves, or ours, which files."""

    store: Store
    url: str = ""
    key: str = ""

    def cases(self) -> Cases:
        return Cases(self.store.database, lambda: RULES)

    def moves(self, number: str, *names: str) -> None:
        said = {"dispatch": Said(organisation="city"), "reply": Said(reply="井盖已补装"), "refuse": Said(reason="非本市", way="邻市 12345")}
        for name in names:
            self.cases().move(number, name, STAFF, said.get(name, Said()))


@contextlib.contextmanager
def serving(store: Store, home: Path, provider: Provider) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(store, home=home, reasons=lambda: [], rules=lambda: RULES, open311=provider), port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        limit = threading.Event()
        while not server.started:
            assert not limit.wait(0.01) and thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/open311/v2"
    finally:
        server.should_exit = True
        thread.join(LIMIT_SECONDS)


@pytest.fixture
def theirs(template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    """`request.param`: whether numbers are told later."""
    home = tmp_path / "theirs"
    (home / "spool").mkdir(parents=True)
    shutil.copyfile(template, home / "hotline.sqlite3")
    store = Store(f"sqlite:///{home / 'hotline.sqlite3'}")
    key = store.tokens.create("integration")[1]
    provider = Provider(services=lambda: [Service("manholes", "井盖")], jurisdiction_id="theirs.gov.cn", batch=getattr(request, "param", False))
    with serving(store, home, provider) as url:
        yield Home(store, url, key)
    store.close()


@pytest.fixture
def ours(template: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copyfile(template, tmp_path / "ours.sqlite3")
    store = Store(f"sqlite:///{tmp_path / 'ours.sqlite3'}")
    yield Home(store)
    store.close()


def way(theirs: Home, **options: Any) -> Open311:
    options = {"jurisdiction_id": "theirs.gov.cn", "services": {"roads": "manholes"}, "attributes": {"type": "{type}"}} | options
    made = connect("open311", Wishes(theirs.url, theirs.key.encode(), 5.0, options=options))
    assert isinstance(made, Open311)
    return made


def report(ours: Home, **fields: Any) -> Ticket:
    """A citizen's matter that is complete, so it stands in the outbox."""
    with ours.store.database.writes() as session:
        ticket = begin(session, "web", OPEN)
        given = {"type": "complaint", "category": "roads", "place": "人民路 12 号", "transcript": "井盖缺失", "caller": "13800001234", "caller_name": "王小明", "title": "井盖"}
        for name, value in (given | fields).items():
            setattr(ticket, name, value)
        session.add(ticket)
        note(session, ticket, "received", {})
        ours.store.outbox.add(session, ticket)
    return ours.store.ticket(ticket.number)


def hand_over(ours: Home, connector: Open311, tmp_path: Path, ticket: Ticket) -> tuple[str, str]:
    """One attempt of the worker's; the state and the reference that it led to."""
    (delivery,) = ours.store.outbox.of_ticket(ticket.id)
    Runner(ours.store, tmp_path, lambda path: None, "test", CaseSystem(connector)).deliver(delivery.id, delivery.attempts)  # type: ignore[arg-type,return-value]  # nothing is transcribed
    (delivery,) = ours.store.outbox.of_ticket(ticket.id)
    return delivery.state, delivery.reference


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_ticket_is_filed_followed_and_replied_to(ours: Home, theirs: Home, tmp_path: Path, form: str) -> None:
    connector, ticket = way(theirs, format=form), report(ours)
    state, reference = hand_over(ours, connector, tmp_path, ticket)
    (filed,) = theirs.store.tickets()
    assert (state, reference) == (DELIVERED, filed.number)
    assert (filed.channel, filed.category, filed.type, filed.caller, filed.caller_name) == ("open311", "manholes", "complaint", "13800001234", "王小明")
    assert filed.transcript == f"井盖\n井盖缺失\n[12345 {ticket.number}]"
    assert ours.store.ticket(ticket.number).stage == "dispatched"
    follower = Follower(ours.cases(), connector)
    theirs.moves(filed.number, "accept", "dispatch", "take_up")
    assert follower.look() == 0
    theirs.moves(filed.number, "reply", "complete")
    assert follower.look() == 1
    assert follower.look() == 0
    ticket = ours.store.ticket(ticket.number)
    assert ticket.stage == "replied"
    with ours.store.database.reads() as session:
        assert [(said.kind, said.text) for said in of_ticket(session, ticket.id)] == [("reply", "已办结：井盖已补装")]
    moved = [(line.detail["move"], line.detail["role"]) for line in ours.store.history(ticket_id=ticket.id) if line.event == "moved"]
    assert moved == [("take_up", "integration"), ("reply", "integration")]


@pytest.mark.parametrize("theirs", [True], indirect=True)
def test_a_token_first_and_a_number_later(ours: Home, theirs: Home, tmp_path: Path) -> None:
    connector, ticket = way(theirs), report(ours)
    state, reference = hand_over(ours, connector, tmp_path, ticket)
    assert (state, reference.startswith(TOKEN)) == (DELIVERED, True)
    follower = Follower(ours.cases(), connector)
    assert follower.look() == 0
    (filed,) = theirs.store.tickets()
    theirs.moves(filed.number, "refuse")
    assert follower.look() == 1
    (delivery,) = ours.store.outbox.of_ticket(ticket.id)
    assert delivery.reference == filed.number
    assert ours.store.ticket(ticket.number).stage == "replied"


def test_the_same_delivery_again_is_one_request_there(ours: Home, theirs: Home) -> None:
    connector, ticket = way(theirs), report(ours)
    (delivery,) = ours.store.outbox.of_ticket(ticket.id)
    due = ours.store.outbox.due(delivery.id, 0)
    assert due is not None
    assert connector.deliver(due[1]) == connector.deliver(due[1])
    assert theirs.store.count() == 1


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"confidential": True}, {}, "confidential"),
    ({"place": ""}, {}, "lacks a place"),
    ({"category": ""}, {}, "lacks a service"),
    ({"category": "gas"}, {}, "service_code was not found: gas"),
    ({}, {"jurisdiction_id": "nowhere"}, "jurisdiction_id was not found"),
    ({}, {"attributes": {"colour": "red"}}, "there is no attribute colour"),
]


def test_what_is_refused_is_a_dead_letter(ours: Home, theirs: Home, tmp_path: Path) -> None:
    for fields, options, why in REFUSED:
        ticket = report(ours, **fields)
        assert hand_over(ours, way(theirs, **options), tmp_path, ticket) == (DEAD, "")
        (delivery,) = ours.store.outbox.of_ticket(ticket.id)
        assert why in (delivery.last_error or "")
    assert theirs.store.count() == 0


def test_a_wrong_key_is_refused_and_a_server_that_is_away_is_tried_for_days(ours: Home, theirs: Home, tmp_path: Path) -> None:
    wrong = report(ours)
    assert hand_over(ours, way(Home(theirs.store, theirs.url, "hl_wrong")), tmp_path, wrong)[0] == DEAD
    ticket = report(ours)
    assert hand_over(ours, way(Home(theirs.store, "http://127.0.0.1:1/v2", theirs.key)), tmp_path, ticket)[0] == WAITING
    assert hand_over(ours, way(theirs), tmp_path, ticket)[0] == DELIVERED


def test_a_look_survives_a_server_that_is_away(ours: Home, tmp_path: Path) -> None:
    class Away:
        def follow(self, references: Any) -> list[Status]:
            raise Unreachable("away")

        def number(self, token: str) -> str:
            raise Unreachable("away")

    assert Follower(ours.cases(), Away()).look() == 0
