"""Surges and citizens' files over the API, and both as commands."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hotline.cli import build
from hotline.serve.__main__ import MAIL, wanted
from hotline.settings import Settings
from tests.web.conftest import Hotline
from tickets.attachments import LARGEST, MOST, AttachmentRefused, Attachments, File, ending, shown_name
from tickets.case import Cases
from tickets.intake import Intake
from tickets.intake_rules import Report
from tickets.life import now
from tickets.surges import look
from tickets.vault import Vault
from web.app import create_app

STOPPED = "阳光花园停水了"


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: []), raise_server_exceptions=False) as client:
        yield client


def test_a_surge_is_shown_without_its_callers(api: TestClient, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        Intake(hotline.store).take(Report("wechat", f"m{n}", f"openid-{n}", STOPPED, phone=f"1380000000{n}"))
    look(Cases(hotline.store.database))
    page = api.get("/api/surges", headers=hotline.headers("agent")).json()
    (surge,) = page["items"]
    assert (surge["place"], surge["words"], surge["callers"], len(surge["tickets"])) == ("阳光花园", "停水", 5, 5)
    assert "138" not in json.dumps(page) and "openid" not in json.dumps(page)
    assert api.get("/api/surges").status_code == 401
    monkeypatch.setenv("HOTLINE_HOME", str(hotline.home))
    run = CliRunner().invoke(build(), ["surges", "--json"])
    assert json.loads(run.stdout)["items"] == page["items"]
    assert "阳光花园" in CliRunner().invoke(build(), ["surges"]).stdout
    assert "no notices" in CliRunner().invoke(build(), ["notices", "--state", "refused"]).stdout
    assert CliRunner().invoke(build(), ["notices", "--state", "lost"]).exit_code == 2


def bare(hotline: Hotline) -> dict[str, str]:
    """Without a reason."""
    return {"Authorization": hotline.headers("agent")["Authorization"]}


def test_a_file_is_saved_and_never_shown_as_a_page(api: TestClient, hotline: Hotline) -> None:
    ticket = Intake(hotline.store).take(Report("wechat", "m", "o", "人民路12号路灯坏了")).ticket
    assert ticket
    vault = Vault(hotline.home, hotline.store.database)
    vault.persons.claim()
    kept = Attachments(hotline.store.database, vault).keep(ticket, "wechat m 0", File("../说明.txt", "黑".encode()), now())
    (shown,) = api.get(f"/api/tickets/{ticket.number}/attachments", headers=hotline.headers("supervisor")).json()["items"]
    assert (shown["name"], shown["kind"], shown["bytes"]) == ("说明.txt", "text/plain", 3)
    Attachments(hotline.store.database, vault).keep(ticket, "wechat m 1", File("13800001234.txt", b"x"), now())
    assert [one["name"] for one in api.get(f"/api/tickets/{ticket.number}/attachments", headers=bare(hotline)).json()["items"]] == ["说明.txt", "138****1234.txt"]
    said = api.get(shown["url"] + "?reason=办理", headers=hotline.headers("supervisor"))
    assert said.status_code == 200, said.text
    assert said.content.decode() == "黑"
    assert said.headers["content-disposition"].startswith("attachment") and "sandbox" in said.headers["content-security-policy"]
    assert said.headers["x-content-type-options"] == "nosniff"
    assert api.get(f"/api/tickets/{ticket.number}/attachments/01ARZ3NDEKTSV4RRFFQ69G5FAV", headers=hotline.headers("supervisor")).status_code == 404
    assert api.get(shown["url"]).status_code == 401
    assert Attachments(hotline.store.database, vault).keep(ticket, "wechat m 0", File("x.txt", "黑".encode()), now()).id == kept.id


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", b""), ("a.txt", b"\x00\x01"), ("a.exe", b"MZ\x90\0" + bytes(99)), ("a", b"<html><script>"), ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(30)), ("a.txt", b"x" * (LARGEST + 1))],
)
def test_what_is_no_file_of_ours(name: str, content: bytes) -> None:
    with pytest.raises(AttachmentRefused):
        ending(name, content)


def test_names_are_only_shown() -> None:
    assert shown_name("..\\..\\a\x00b/../../c<d>.HTML", "txt") == "c<d>.txt"
    assert shown_name("", "png") == "file.png"
    assert MOST > 1


def test_the_mail_process_runs_only_where_a_server_is_set(hotline: Hotline) -> None:
    assert MAIL not in wanted(Settings.load({"HOTLINE_HOME": str(hotline.home)}))
    (hotline.home / "settings.yaml").write_text("email: {imap_host: imap.city.example}")
    assert MAIL in wanted(Settings.load({"HOTLINE_HOME": str(hotline.home)}))
