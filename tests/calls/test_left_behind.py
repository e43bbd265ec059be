"""What callers leave: messages and faxes become tickets, with the service up or down."""

from __future__ import annotations

import asyncio
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from telephone import sound
from telephone.fax import first_page, likeness, make_page
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from tests.calls.asterisk_line import spoken
from tests.calls.conftest import CALLS, Citizen, down, ticket_of, until
from tests.scenario import Caller

pytestmark = CALLS

LIKE = 0.95


async def test_a_message_is_a_ticket_at_hang_up_and_sounds_as_it_was_spoken(
    citizen: Citizen, hotline: HotlineUnderTest, tmp_path: Path
) -> None:
    line = citizen()
    await (
        Caller(line).dials("12345").hears("main-menu").presses("2").hears("voicemail-notice").speaks("noise.wav").hangs_up()
    )
    ticket = await until(lambda: ticket_of(hotline, line.telephone.number), "a ticket at hang-up", 5)
    assert (ticket["channel"], ticket["type"], ticket["path"], ticket["reason"]) == ("voicemail", "help", "12345-2", "chosen")
    (tmp_path / "message.wav").write_bytes((await hotline.get(f"/api/tickets/{ticket['number']}/audio")).content)
    assert sound.match(sound.read(tmp_path / "message.wav"), spoken("noise.wav")).correlation >= LIKE


async def test_a_message_left_while_the_service_is_down_is_found_when_it_returns(
    citizen: Citizen, hotline: HotlineUnderTest
) -> None:
    lines = [citizen() for _ in range(3)]
    async with down(hotline):
        stories = [Caller(line).dials("12345").hears("main-menu").presses("2").hears("voicemail-notice") for line in lines]
        await asyncio.gather(*(story.speaks("noise.wav").hangs_up().told() for story in stories))
    for line in lines:
        ticket = await until(partial(ticket_of, hotline, line.telephone.number), "a ticket after the return", 20)
        assert (ticket["channel"], ticket["path"]) == ("voicemail", "12345-2")


async def test_faxes_arrive_however_they_are_sent(network: Network, hotline: HotlineUnderTest, tmp_path: Path) -> None:
    """Straight to 12345-1-5 by T.38 and by tones, two pages, and from a machine that knows only 12345."""
    ways = [("1234515", False, 1), ("1234515", True, 1), ("12345", False, 2)]
    sending = (send(network, hotline, tmp_path, f"0546808{row:04d}", *way) for row, way in enumerate(ways, 7001))
    for ticket, same in await asyncio.gather(*sending):
        assert same >= LIKE, ticket
        assert ticket["path"] == "12345-1-5"


async def test_a_fax_machine_dialling_12345_is_heard_while_the_service_is_down(
    network: Network, hotline: HotlineUnderTest, tmp_path: Path
) -> None:
    page = make_page(tmp_path / "alone.tif", ("NOBODY IS HOME",))
    async with down(hotline):
        result = await network.fax_machine("05468089001").sends(page, "12345")
    assert result.sent
    ticket = await until(lambda: with_document(hotline, "05468089001"), "the fax's ticket", 20)
    with Image.open(page) as sent:
        assert likeness(sent, first_page((await hotline.get(ticket["document"]["url"])).content)) >= LIKE


async def send(
    network: Network, hotline: HotlineUnderTest, folder: Path, number: str, to: str, audio: bool, pages: int
) -> tuple[dict[str, Any], float]:
    page = make_page(folder / f"{number}.tif", (f"FROM {number}", "THE LAMP IS OUT"), pages=pages)
    result = await network.fax_machine(number).sends(page, to, audio=audio)
    assert (result.sent, result.pages) == (True, pages), result
    ticket = await until(lambda: with_document(hotline, number), f"the ticket of {number}", 20)
    assert ticket["document"]["pages"] == pages
    preview = Image.open(BytesIO((await hotline.get(ticket["document"]["preview_url"])).content))
    assert preview.width > 500
    with Image.open(page) as sent:
        return ticket, likeness(sent, first_page((await hotline.get(ticket["document"]["url"])).content))


async def with_document(hotline: HotlineUnderTest, number: str) -> dict[str, Any]:
    ticket: dict[str, Any] = await ticket_of(hotline, number)
    return ticket if ticket and (ticket["document"] or {}).get("url") else {}
