"""/health tells the truth about each thing that can be away, and says what callers notice of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from hotline import menus
from hotline.health import Health
from hotline.services import Child
from hotline.settings import Settings
from queues import snapshot
from queues.state import Picture


class Running:
    """Stands for an Asterisk that runs."""

    def process(self) -> psutil.Process:
        return psutil.Process()


class Gone:
    def process(self) -> None:
        return None


@pytest.fixture
def health(settings: Settings) -> Health:
    menus.publish(settings, "first")
    return Health(settings, Running())  # type: ignore[arg-type]


@pytest.fixture
def telephony(settings: Settings) -> Iterator[Child]:
    child = Child("telephony", ("sleep", "300"), settings.home)
    child.start()
    yield child
    child.stop(5)


def writes(settings: Settings, when: datetime, fault: str | None = None) -> None:
    snapshot.write(snapshot.where(settings.home), snapshot.take(Picture(), when, fault))


def test_everything_there_is_no_reason(settings: Settings, health: Health, telephony: Child) -> None:
    writes(settings, datetime.now(UTC))
    assert health.reasons() == []


def test_without_asterisk_nothing_works(settings: Settings, health: Health) -> None:
    assert "Asterisk does not run" in Health(settings, Gone()).reasons()  # type: ignore[arg-type]


def test_without_telephony_callers_have_the_compiled_menu(settings: Settings, health: Health) -> None:
    writes(settings, datetime.now(UTC))
    assert health.reasons() == ["the telephony process does not run; callers go through the compiled menu"]


def test_what_its_predecessor_wrote_does_not_speak_for_a_new_process(settings: Settings, health: Health, telephony: Child) -> None:
    writes(settings, datetime.now(UTC) - timedelta(seconds=5))
    assert health.reasons() == ["the telephony process is starting; callers go through the compiled menu"]


def test_a_process_that_holds_still_is_noticed(settings: Settings, telephony: Child, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(settings, datetime.now(UTC))
    monkeypatch.setattr(snapshot, "STALE_SECONDS", -1)
    assert health.reasons() == ["the telephony process says nothing; callers go through the compiled menu"]


def test_a_lost_link_says_why(settings: Settings, health: Health, telephony: Child) -> None:
    writes(settings, datetime.now(UTC), fault="user 'hotline': Authentication failed")
    assert health.reasons() == ["no link to Asterisk: user 'hotline': Authentication failed"]


def test_damaged_menus_are_a_reason_and_not_an_error(settings: Settings, health: Health, telephony: Child) -> None:
    writes(settings, datetime.now(UTC))
    (settings.home / "menus" / "current").write_text("garbage")
    [reason] = health.reasons()
    assert reason.startswith("the published menus cannot be read: ")


def test_a_worker_that_is_away_is_warned_of(settings: Settings, health: Health) -> None:
    assert health.warnings() == ["the worker process does not run; messages and faxes wait in the spool"]
    worker = Child("worker", ("sleep", "300"), settings.home)
    worker.start()
    try:
        assert health.warnings() == []
    finally:
        worker.stop(5)


def test_a_hotline_without_menus_says_how_to_publish(settings: Settings, telephony: Child) -> None:
    writes(settings, datetime.now(UTC))
    reasons = Health(settings, Running()).reasons()  # type: ignore[arg-type]
    assert reasons == ["no menu is published (`hotline publish -m NOTE`)"]
