"""Files with the web form and from other channels' systems: typed by what they hold, counted while they come, sealed, kept once."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from PIL import Image
from starlette.testclient import TestClient

from queues import audit
from tests.web.conftest import Hotline
from tickets.attachment_tables import Attachment
from tickets.attachments import LARGEST, MOST
from web.app import create_app
from web.intake_routes import Doors
from web.problems import Problem
from web.uploads import AT_ONCE, Uploads, whole

MESSAGE = {"channel": "wechat", "message_id": "m 1", "sender": "openid-1", "text": "人民路12号路灯坏了三天没人修"}
MATTER = {"text": "路灯坏了三天没人修", "place": "人民路12号", "tell": "nothing"}
TWO_GIGABYTES = {"Content-Length": str(2 << 30)}


def picture(colour: str = "red") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (200, 200), colour).save(made, "PNG")
    return made.getvalue()


class City:
    """The hotline's web process with a system that brings messages and a citizen's browser before it."""

    def __init__(self, client: TestClient, hotline: Hotline) -> None:
        self.client, self.hotline = client, hotline

    def brings(self, content: Any, status: int, name: str = "灯.png", number: int | str = 1, role: str = "integration", headers: dict[str, str] | None = None, **other: str) -> Any:
        asked: dict[str, int | str] = {"channel": "wechat", "message_id": "m 1", "number": number, "name": name, **other}
        said = self.client.post("/api/intake/attachments", params=asked, content=content, headers=self.hotline.headers(role) | (headers or {}))
        assert said.status_code == status, said.text
        return said.json()

    def posts(self, **more: Any) -> Any:
        return self.client.post("/api/intake", json=MESSAGE | more, headers=self.hotline.headers("integration")).json()

    def token(self) -> str:
        return str(re.search(r'name="token" value="([^"]+)"', self.client.get("/report").text)[1])  # type: ignore[index]

    def sends(self, status: int, *files: tuple[str, bytes], headers: dict[str, str] | None = None, **typed: str) -> str:
        chosen = [("files", file) for file in files] or [("files", ("", b""))]  # as a browser does where none was chosen
        said = self.client.post("/report", data={"token": self.token(), **MATTER, **typed}, files=chosen, headers=headers)
        assert said.status_code == status, said.text
        return unescape(said.text)

    def kept(self) -> list[Attachment]:
        with self.hotline.store.database.reads() as session:
            return list(session.query(Attachment).order_by(Attachment.id))

    def on_disk(self) -> list[Path]:
        return [path for path in (self.hotline.home / "attachments").rglob("*") if path.is_file()]

    def refusals(self) -> int:
        return sum(line.outcome == audit.REFUSED for line in audit.lines(self.hotline.store.database))


@pytest.fixture
def city(hotline: Hotline) -> Iterator[City]:
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], doors=Doors(b"k" * 32, report_key=b"r" * 32))
    app.state.report.soonest = 0
    with TestClient(app, raise_server_exceptions=False) as client:
        yield City(client, hotline)


def test_a_channels_system_brings_the_files_of_a_message(city: City) -> None:
    number = city.posts(attachments=1)["ticket"]
    made = city.brings(picture(), 201)
    assert (made["ticket"], made["kind"], made["bytes"]) == (number, "image/png", len(picture()))
    assert city.brings(picture(), 200) == made
    city.brings(picture("blue"), 409)
    city.brings(picture("blue"), 201, number=2)
    listed = city.client.get(f"/api/tickets/{number}/attachments", headers=city.hotline.headers("supervisor")).json()["items"]
    assert [one["kind"] for one in listed] == ["image/png", "image/png"]
    assert len(city.on_disk()) == 2 and all(picture()[1:40] not in path.read_bytes() for path in city.on_disk())


def test_a_picture_says_what_the_words_do_not(city: City) -> None:
    assert city.posts(text="人民路12号", message_id="m 2")["missing"] == "text"
    assert city.posts(text="人民路12号", sender="openid-2", attachments=1)["outcome"] == "created"


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "a.txt", 422), (b"MZ\x90\0" + bytes(99), "a.exe", 422), (b"<html><script>alert(1)</script></html>", "a.html", 422), (picture(), "a.pdf", 422),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", 422), (b"x" * (LARGEST + 1), "a.txt", 413),
    ],
)  # fmt: skip
def test_what_is_no_file_of_ours_is_refused_with_an_audit_line(city: City, content: bytes, name: str, status: int) -> None:
    city.posts()
    city.brings(content, status, name)
    assert city.kept() == city.on_disk() == [] and city.refusals() == 1


def test_two_gigabytes_are_refused_before_they_come(city: City) -> None:
    city.posts()
    city.brings(b"x", 413, headers=TWO_GIGABYTES)
    assert city.kept() == [] and city.refusals() == 1


async def test_two_gigabytes_that_do_not_say_so_are_refused_while_they_come() -> None:
    come = 0

    async def receive() -> dict[str, Any]:
        nonlocal come
        come += 1
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    with pytest.raises(Problem) as large:
        await whole(Request({"type": "http", "headers": []}, receive), 10_000)
    assert (large.value.status, come) == (413, 11)


def test_whose_file_it_is_must_be_known(city: City) -> None:
    city.brings(picture(), 404)
    city.posts(channel="app", text="路灯坏了")
    city.brings(picture(), 409, channel="app")
    city.posts()
    city.brings(picture(), 404, channel="sms")
    city.brings(picture(), 403, role="agent")
    for number in (0, MOST + 1, "x"):
        city.brings(picture(), 422, number=number)
    assert city.kept() == []


def test_a_ticket_has_so_many_files_and_no_more(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.attachments.MOST", 1)
    city.posts()
    city.brings(picture(), 201)
    city.brings(picture(), 409, number=2)
    assert len(city.on_disk()) == 1


async def test_only_so_many_are_read_at_once_and_none_for_ever() -> None:
    uploads = Uploads(seconds=0.01)
    with pytest.raises(Problem) as slow:
        async with uploads.one():
            await asyncio.Event().wait()
    uploads.now = AT_ONCE
    with pytest.raises(Problem) as full:
        async with uploads.one():
            pass
    assert (slow.value.status, full.value.status) == (408, 503)
    assert uploads.now == AT_ONCE


def test_a_citizen_sends_pictures_with_the_form(city: City) -> None:
    page = city.sends(201, ("灯.png", picture()), ("../../etc/说明.txt", "黑".encode()))
    assert "附件2个已收到" in page
    assert [(one.name, one.kind) for one in city.kept()] == [("灯.png", "image/png"), ("说明.txt", "text/plain")]
    assert all(path.is_relative_to(city.hotline.home / "attachments") for path in city.on_disk())


def test_a_form_without_a_file_and_the_same_form_twice(city: City) -> None:
    assert "附件" not in city.sends(201)
    token = city.token()
    city.sends(201, ("a.png", picture()), token=token)
    city.sends(200, ("a.png", picture()), token=token)
    assert len(city.kept()) == len(city.on_disk()) == 1 and len(city.hotline.store.tickets()) == 2


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("a.exe", b"MZ\x90\0" + bytes(99))], 422), ([("a.png", picture()), ("b.pdf", picture())], 422), ([("a.txt", b"")], 422),
        ([(f"{number}.png", picture()) for number in range(6)], 413), ([("a.txt", b"x" * (LARGEST + 1))], 422),
    ],
)  # fmt: skip
def test_a_file_that_is_refused_is_marked_and_nothing_is_taken(city: City, files: list[tuple[str, bytes]], status: int) -> None:
    page = city.sends(status, *files)
    assert re.search(r'id="files"[^>]*aria-invalid="true"', page) and "重新选择" in page
    assert city.hotline.store.tickets() == [] and city.kept() == []


def test_a_form_without_end_is_answered_on_the_page(city: City) -> None:
    page = city.sends(413, ("a.png", picture()), headers=TWO_GIGABYTES)
    assert 'id="files"' in page and city.hotline.store.tickets() == []


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n--x--", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n", b"\xff" * 99])
def test_a_form_that_cannot_be_read(city: City, body: bytes) -> None:
    said = city.client.post("/report", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert said.status_code == 400
    assert city.client.post("/report", content=body, headers={"Content-Type": "multipart/form-data"}).status_code == 400


def test_a_disk_that_takes_nothing_costs_the_file_and_not_the_matter(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("tickets.vault.Vault.writing", full)
    page = city.sends(201, ("a.png", picture()))
    (ticket,) = city.hotline.store.tickets()
    assert ticket.number in page and "1个未能保存" in page
