"""A connector is one file behind one interface: those that come with the hotline, and a city's own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from hotline.doctor import case_system as looked_at
from hotline.serve.worker import case_system
from hotline.settings import Settings
from tests.tickets.simulated import World
from tickets.case_system import CaseSystem
from tickets.connectors import Wishes, connect, names
from tickets.store import Store

OURS = '''
from tickets.connectors import Delivered, Unreachable

class Ours:
    def __init__(self, book):
        self.book = book
    def deliver(self, event):
        with open(self.book, "a", encoding="utf-8") as book:
            book.write(f"{event.name} {event.about} {event.reference}\\n")
        return Delivered(200, "OUR-1")
    def held(self, day):
        return None

def connect(wishes):
    if set(wishes.options) != {"book"}:
        raise ValueError("options.book is wanted, and nothing else")
    return Ours(wishes.options["book"])
'''
WISHES = Wishes("http://127.0.0.1:1/", b"key")


@pytest.fixture
def our_city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "our_city").mkdir()
    (tmp_path / "our_city" / "cases.py").write_text(OURS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "our_city", raising=False)
    return "our_city.cases"


def settings(home: Path, text: str) -> Settings:
    (home / "settings.yaml").write_text(text)
    return Settings.load({"HOTLINE_HOME": str(home)})


def test_those_that_come_with_the_hotline() -> None:
    assert "webhook" in names()
    for name in names():
        assert callable(importlib.import_module(f"tickets.connectors.{name}").connect)


def test_a_citys_own_file_is_a_connector(our_city: str, light_store: Store, tmp_path: Path) -> None:
    world, book = World(light_store), tmp_path / "book"
    chosen = case_system(settings(tmp_path, f"case_system: {{url: 'http://x/', connector: {our_city}, options: {{book: '{book}'}}}}"))
    assert chosen is not None
    world.runner.case_system = CaseSystem(chosen.connector)
    world.put("20261123-000001")
    world.put("20261123-000001")
    world.turn(seconds=1)
    assert book.read_text() == "ticket.updated 20261123-000001 \nticket.updated 20261123-000001 OUR-1\n"


@pytest.mark.parametrize(("text", "why"), [("connector: carrier_pigeon", "no connector 'carrier_pigeon'; there are"), ("connector: no_city.cases", "no connector 'no_city.cases'"), ("options: {colour: red}", "takes no options"), ("connector: our_city.cases", "options.book is wanted")])
def test_settings_that_do_not_suit_make_tickets_wait_and_doctor_says_why(our_city: str, tmp_path: Path, text: str, why: str) -> None:
    read = settings(tmp_path, f"case_system: {{url: 'http://127.0.0.1:1/', {text}}}")
    assert case_system(read) is None
    [finding] = looked_at(read)
    assert (finding.level, why in finding.says) == ("fault", True), finding


@pytest.mark.parametrize("name", ["../../etc/passwd", "os;import x", "a b", "", ".x", "webhook."])
def test_a_name_that_is_none_is_refused_before_anything_is_imported(tmp_path: Path, name: str) -> None:
    with pytest.raises(Exception, match=r"case_system.connector"):
        settings(tmp_path, f"case_system: {{connector: '{name}'}}")


def test_a_fault_within_a_connector_is_not_taken_for_its_absence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cases.py").write_text("import a_package_that_is_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_installed"):
        connect("broken.cases", WISHES)
