"""Where rooms are wired: an answered call is a ticket, a pressed key reaches its tape, a version is found or natively served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agi.keys import Keys
from hotline import menus
from hotline.serve import __main__ as serve_main
from hotline.serve.conversations import Conversations
from hotline.serve.pressed import follow_keys
from hotline.serve.ready_menus import NoSuchVersion, city_of
from hotline.serve.worker import case_system
from hotline.settings import Settings
from queues.event import Event
from queues.happenings import AgentAnswered, AgentCallEnded
from tests.hotline.conftest import settings_of
from tickets.connectors.webhook import Webhook
from tickets.store import Store

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ANSWERED = AgentAnswered("1.1", "1.1", "complaints", "li", "12345-1-1", "complaint", "13812341234", "12345", NOW)
ENDED = AgentCallEnded("1.1", "1.1", "complaints", "li", "agent", NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'tickets.sqlite3'}")
    made.migrate()
    yield made
    made.close()


async def test_when_a_person_answers_their_ticket_is_open(store: Store) -> None:
    await Conversations(lambda: store).take(ANSWERED)
    [draft] = store.drafts()
    assert (draft.linkedid, draft.type, draft.path, draft.agent, draft.caller) == ("1.1", "complaint", "12345-1-1", "li", "13812341234")


async def test_what_is_told_twice_happens_once(store: Store) -> None:
    conversations = Conversations(lambda: store)
    for happening in (ANSWERED, ANSWERED, ENDED, ENDED):
        await conversations.take(happening)
    assert store.drafts() == []


async def test_a_conversation_whose_end_nobody_wrote_down_is_over_when_its_call_is_gone(store: Store) -> None:
    """queue_log was lost, or its disk was full: the ticket must reach the case system all the same."""
    conversations = Conversations(lambda: store)
    await conversations.take(ANSWERED)
    opened = store.drafts()[0].created_at
    await conversations.still_alive(opened + timedelta(seconds=1), frozenset({"1.1"}))
    await conversations.still_alive(opened - timedelta(seconds=1), frozenset())
    assert len(store.drafts()) == 1, "its call is going on, or began after one looked"
    await conversations.still_alive(opened + timedelta(seconds=2), frozenset({"2.1"}))
    assert store.drafts() == []
    [ticket] = store.tickets()
    assert ticket.ended_at == opened + timedelta(seconds=2)
    assert store.history()[-1].detail == {"reason": "the call is gone"}
    assert len(store.outbox.waiting()) == 1


async def test_a_register_that_was_down_is_opened_when_the_happening_is_told_again(store: Store) -> None:
    answers = iter([OSError("no database"), store])

    def register() -> Store:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    conversations = Conversations(register)
    with pytest.raises(OSError, match="no database"):
        await conversations.take(ANSWERED)
    await conversations.take(ANSWERED)
    assert len(store.drafts()) == 1


class Link:
    """As much of an AMI link as follows keys: the test speaks for Asterisk."""

    def __init__(self) -> None:
        self.callbacks: dict[str, Callable[[Event], None]] = {}
        self.is_up: Callable[[bool], None]

    def subscribe(self, name: str, callback: Callable[[Event], None], *, urgent: bool) -> None:
        assert urgent, "a report that waits behind a resync comes too late to be believed"
        self.callbacks[name] = callback

    def on_change(self, hook: Callable[[bool], None]) -> None:
        self.is_up = hook

    def presses(self, digit: str, direction: str = "Received") -> None:
        for name in ("DTMFBegin", "DTMFEnd"):
            self.callbacks[name](Event.of({"Event": name, "Uniqueid": "1.1", "Digit": digit, "Direction": direction}))


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def keys(link: Link) -> Keys:
    made = Keys()
    follow_keys(link, made)  # type: ignore[arg-type]
    return made


def test_a_key_between_two_commands_waits_on_its_tape(link: Link, keys: Keys) -> None:
    link.is_up(True)
    tape = keys.listen("1.1")
    link.presses("1")
    link.presses("7", direction="Sent")
    assert (tape.take(), tape.take()) == ("1", "")


def test_what_was_pressed_goes_with_the_call(link: Link, keys: Keys) -> None:
    link.is_up(True)
    link.presses("1")
    link.callbacks["Hangup"](Event.of({"Event": "Hangup", "Uniqueid": "1.1"}))
    assert keys.listen("1.1").take() == ""


def test_without_the_link_tapes_are_not_trusted(link: Link, keys: Keys) -> None:
    link.is_up(True)
    tape = keys.listen("1.1")
    link.is_up(False)
    assert not tape.live


def test_a_call_gets_the_version_it_began_with(settings: Settings) -> None:
    menus.publish(settings, "first")
    versions = menus.Store.of(settings)
    assert city_of(versions, "1").root == "12345"
    for version in ("2", "", "１", "../1", "-1"):
        with pytest.raises(NoSuchVersion):
            city_of(versions, version)


def test_without_a_case_system_tickets_wait(settings: Settings) -> None:
    assert case_system(settings) is None


def test_the_key_of_the_signature_is_made_once_or_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.yaml").write_text('case_system: {url: "http://127.0.0.1:9/tickets"}\n')
    made = case_system(settings_of(home))
    assert made is not None
    assert isinstance(made.connector, Webhook)
    assert made.connector.secret == (home / "secrets" / "case-system").read_bytes().strip()
    (tmp_path / "key").write_text("shared key\n")
    (home / "settings.yaml").write_text(f'case_system: {{url: "http://127.0.0.1:9/tickets", secret_file: "{tmp_path / "key"}"}}\n')
    read = case_system(settings_of(home))
    assert read is not None
    assert isinstance(read.connector, Webhook)
    assert read.connector.secret == b"shared key"


def test_a_key_that_cannot_be_read_makes_tickets_wait(tmp_path: Path, settings: Settings) -> None:
    for content in (None, "", b"\xff\xfe"):
        if content is not None:
            (tmp_path / "key").write_bytes(content.encode() if isinstance(content, str) else content)
        (settings.home / "settings.yaml").write_text(f'case_system: {{url: "http://127.0.0.1:9/tickets", secret_file: "{tmp_path / "key"}"}}\n')
        assert case_system(settings_of(settings.home)) is None


@pytest.mark.parametrize(("process", "niceness"), [("telephony", 0), ("worker", 5), ("web", 5)])
def test_what_callers_wait_for_goes_first(process: str, niceness: int, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[int] = []
    monkeypatch.setattr(serve_main.os, "nice", added.append)
    monkeypatch.setattr(serve_main, "serve", lambda *_: None)
    monkeypatch.setattr(serve_main.sys, "argv", ["serve", process])
    serve_main.main()
    assert added == [niceness]
