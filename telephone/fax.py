"""A citizen's fax machine: makes a page, sends it, and tells whether the page that arrived is the one sent."""

from __future__ import annotations

import asyncio
import itertools
import re
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from telephone.ami import Ami, Event
from telephone.caller import CallError

WIDTH: Final = 1728  # ITU-T T.4, 215 mm
HEIGHT: Final = 1100  # of an A4 page at 98 lines an inch
DPI: Final = (204, 98)
SEND_SECONDS: Final = 90.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class FaxResult:
    """How the sending machine saw it end."""

    sent: bool
    pages: int
    mode: str
    error: str


def make_page(path: Path, lines: tuple[str, ...], *, pages: int = 1) -> Path:
    """Writes a typed page, or several, as a fax machine scans it: 1728 dots wide, black and white, Group 4."""
    font = ImageFont.load_default(48)
    made = []
    for page in range(1, pages + 1):
        image = Image.new("1", (WIDTH, HEIGHT), 1)
        draw = ImageDraw.Draw(image)
        for row, line in enumerate((*lines, f"page {page} of {pages}")):
            draw.text((120, 100 + row * 90), line, fill=0, font=font)
        draw.rectangle((100, HEIGHT - 160, WIDTH - 100, HEIGHT - 150), fill=0)
        made.append(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    made[0].save(path, compression="group4", dpi=DPI, save_all=True, append_images=made[1:])
    return path


def likeness(sent: Image.Image, received: Image.Image) -> float:
    """Share of equal dots after the received page was brought to the sent page's size; blank paper scores low on purpose.

    Only dots near ink of either page count, or two almost empty pages would be nearly equal.
    """
    one = np.asarray(sent.convert("1"))
    other = np.asarray(received.convert("L").resize(sent.size, Image.Resampling.BOX).point(lambda dot: 255 if dot > 127 else 0).convert("1"))
    ink = ~one | ~other
    return float((one == other)[ink].mean()) if ink.any() else 0.0


def first_page(pdf: bytes) -> Image.Image:
    """The first picture of a PDF whose pages are Group 4 pictures, as the hotline makes them. Raises CallError.

    Group 4 in a PDF is Group 4 in a TIFF, so the data only gets a TIFF's header around it.
    """
    found = re.search(rb"/Subtype\s*/Image.*?stream\r?\n", pdf, re.DOTALL)
    numbers = {name: re.search(rb"/%s\s+(\d+)" % name, found[0]) for name in (b"Width", b"Height", b"Length")} if found else {}
    if found is None or not all(numbers.values()) or b"CCITTFaxDecode" not in found[0]:
        raise CallError("the document holds no fax page")
    width, height, length = (int(number[1]) for number in numbers.values() if number)
    data = pdf[found.end() : found.end() + length]
    black_is_1 = re.search(rb"/BlackIs1\s+true", found[0]) is not None
    tags = ((256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 4), (262, 3, 1 if black_is_1 else 0), (273, 4, 110), (278, 4, height), (279, 4, len(data)))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags) + bytes(4)
    return Image.open(BytesIO(b"II*\0" + struct.pack("<I", 8) + directory + data))


class FaxMachine:
    """Dials, and sends as soon as somebody answers, with the calling tone (CNG) first."""

    def __init__(self, ami: Ami, number: str) -> None:
        self.number = number
        self._ami = ami
        self._call = ""

    async def cuts_off(self, within: float = 30.0) -> None:
        """Pulls the plug as soon as it is sending."""

        def sending(event: Event) -> bool:
            return event["Event"] == "FAXStatus"

        async with self._ami.watch(sending) as begun, asyncio.timeout(within):
            await begun
            await self._ami.action("Hangup", Channel=self._call)

    async def sends(self, page: Path, to: str, *, audio: bool = False, seconds: float = SEND_SECONDS) -> FaxResult:
        """Sends a TIFF; `audio` stays with tones where T.38 would be asked for. Raises CallError when nobody answers in time."""
        fax = self._call = f"fax-{next(_numbers)}"

        def ours(event: Event) -> bool:
            sent = event["Event"] == "UserEvent" and event.get("UserEvent") == "FaxSent" and event.get("Fax") == fax
            failed = event["Event"] == "OriginateResponse" and event.get("Uniqueid") == fax and event.get("Response") != "Success"
            return sent or failed

        async with self._ami.watch(ours) as ended:
            await self._ami.action(
                "Originate", ("FAX_ID", fax), ("FAX_FILE", str(page)), ("FAX_OPTIONS", "F" if audio else ""),
                ("FAX_STATION", self.number), ("CONNECTEDLINE(num,i)", self.number),
                Channel=f"PJSIP/{to}@hotline", ChannelId=fax, Context="faxes", Exten="s", Priority="1", Timeout="20000", Async="true",
            )  # fmt: skip
            try:
                async with asyncio.timeout(seconds):
                    event = await ended
            except TimeoutError:
                raise CallError(f"fax to {to}: no end in {seconds:g} s") from None
        if event["Event"] == "OriginateResponse":
            raise CallError(f"fax to {to}: not answered (reason {event.get('Reason')})")
        pages = event.get("Pages", "")
        return FaxResult(event.get("FaxStatus") == "SUCCESS", int(pages) if pages.isdigit() else 0, event.get("Mode", ""), event.get("Error", ""))
