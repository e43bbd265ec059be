"""What Asterisk laid down of short messages by SIP: read as it is, taken once, nothing hostile in it does harm."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tickets.intake import Intake
from tickets.notice_tables import Notice
from tickets.sip_messages import KEPT, LaidDown, read
from tickets.sms import Incoming, NotAMessage
from tickets.spool import messages
from tickets.store import Store

LAMP = "人民路12号路灯坏了三天没人修"
MOBILE = "13800001234"


def laid_down(text: bytes = LAMP.encode(), sender: bytes = b'"x" <sip:13800001234@carrier.example;user=phone>', call: bytes = b"c-1@carrier", length: bytes = b"42") -> bytes:
    return b"From: %s\nCall-ID: %s\nCSeq: 1 MESSAGE\nContent-Length: %s\n\n%s" % (sender, call, length, text) + KEPT


@dataclass
class Box:
    """A spool's folder with a register behind it."""

    spool: Path
    store: Store
    count: int = field(default=0)

    def __post_init__(self) -> None:
        messages(self.spool).mkdir(parents=True)
        self.door = LaidDown(self.spool, Intake(self.store, pin_key=b"k" * 32))

    def lies(self, raw: bytes, old: bool = False) -> Path:
        self.count += 1
        path = messages(self.spool) / f"17638{self.count:05d}-000001-123456"
        path.write_bytes(raw)
        if old:
            os.utime(path, (0, 0))
        return path

    def answers(self) -> list[str]:
        with self.store.database.reads() as session:
            return [notice.text for notice in session.query(Notice).order_by(Notice.id)]


@pytest.fixture
def box(sqlite_template: Path, tmp_path: Path) -> Box:
    """One dialect: the register behind it is tested elsewhere."""
    store = Store(f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'hotline.sqlite3')}")
    return Box(tmp_path / "spool", store)


def test_a_message_becomes_a_ticket_and_its_sender_is_answered(box: Box) -> None:
    path = box.lies(laid_down())
    assert box.door.take_all() == 1
    (ticket,) = box.store.tickets()
    assert (ticket.channel, ticket.caller, ticket.transcript) == ("sms", MOBILE, LAMP)
    assert ticket.number in box.answers()[0] and not path.exists()


def test_the_same_message_again_changes_nothing(box: Box) -> None:
    for _ in range(2):  # the carrier sends it again, or the worker was killed before it removed the file
        box.lies(laid_down())
    box.door.take_all()
    assert len(box.store.tickets()) == len(box.answers()) == 1


def test_what_is_not_whole_yet_waits_and_goes_aside_in_the_end(box: Box) -> None:
    half = laid_down().removesuffix(KEPT)
    box.lies(half)
    assert box.door.take_all() == 0
    box.lies(half, old=True)
    assert box.door.take_all() == 1
    assert len(list((box.spool / "aside").iterdir())) == 1 and len(list(messages(box.spool).iterdir())) == 1
    assert box.store.tickets() == []


def test_a_text_that_asterisk_dropped_is_asked_for_in_parts(box: Box) -> None:
    box.lies(laid_down(b"", length=b"1827"))
    box.lies(laid_down(b"", call=b"c-2", length=b"0"))
    box.door.take_all()
    long, empty = box.answers()
    assert "分成几条" in long and "具体内容" in empty and box.store.tickets() == []


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        (b"sip:13800001234@h", MOBILE), (b"<sips:+8613800001234@h:5061;transport=tls>", MOBILE), (b"<tel:+86-138-0000-1234>", MOBILE),
        (b'"sip:110@x" <sip:13800001234@h>', MOBILE), (b'"a\r\n b):0:11" <sip:10690000@h>;tag=1', "10690000"),
    ],
)  # fmt: skip
def test_who_wrote_it(sender: bytes, number: str) -> None:
    assert read(laid_down(sender=sender)).sender == number


@pytest.mark.parametrize("sender", [b"", b"<sip:anonymous@h>", b"<sip:12@h>", b"<sip:%s@h>" % (b"1" * 30), b"\xff\xfe"])
def test_who_cannot_be_answered_is_laid_aside_for_a_person(box: Box, sender: bytes) -> None:
    box.lies(laid_down(sender=sender))
    box.lies(laid_down(call=b"c-2"))
    box.door.take_all()
    assert len(box.store.tickets()) == 1 and len(list((box.spool / "aside").iterdir())) == 1


@pytest.mark.parametrize(
    "text", ["a#kept#", "\n\nCall-ID: x\r\n\r\n", "${SHELL(id)}),1:2", "From: <sip:110@x>", "'; DROP TABLE tickets;--", "\x01\x7f", "𠮷野家"]
)
def test_a_text_is_a_text(text: str) -> None:
    assert read(laid_down(text.encode())).text == text
    assert read(laid_down(text.encode())).sender == MOBILE


def test_a_text_in_gb18030_and_bytes_that_are_none() -> None:
    assert read(laid_down(LAMP.encode("gb18030"))).text == LAMP
    with pytest.raises(NotAMessage):
        read(laid_down(b"\xff\xff\xff"))


def test_each_message_has_an_id_of_its_own() -> None:
    def identity(**how: bytes) -> str:
        return read(laid_down(**how)).id

    assert identity() == identity(text=b"other") != identity(call=b"c-2")
    assert isinstance(read(laid_down()), Incoming) and len(identity(call=b"x" * 5000)) < 100
