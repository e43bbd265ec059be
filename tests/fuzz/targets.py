"""A function for each parser: takes any bytes, raises only when the parser is at fault.

What a parser may say of bytes it refuses is its own named error; everything else that escapes is a defect.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path

import numpy as np

from agi.errors import AgiError, PeerUnclear
from agi.reply import parse_reply
from agi.wire import LINE_BYTES, Wire, parse_header
from hotline import certificates, phones
from hotline.settings import Settings, SettingsError
from ivr import dialplan
from ivr.loading import check, load
from queues import snapshot
from queues.event import Event
from queues.records import Ledger, Record
from queues.wire import Connection
from speech.audio import RAW, AudioError
from speech.audio import read as read_audio
from speech.audiosocket import KINDS, LONGEST_BYTES, Frames, Malformed
from tests.agi.test_transcripts import Nowhere
from tests.ivr.cities import good_texts
from tests.queues.replay import Heard
from tests.queues.replay import Wire as AmiReader
from tickets.spool import Item, SpoolError

Target = Callable[[bytes], None]
SOUND_NAMES = (".wav", *sorted(RAW))
MOST_SECONDS = 600.0


@cache
def loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def folder() -> Path:
    kept = tempfile.TemporaryDirectory(prefix="hotline-fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    FOLDERS.append(kept)
    return Path(kept.name)


FOLDERS: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


def written(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path


def agi_header(data: bytes) -> None:
    try:
        header = parse_header(data.decode("utf-8", "replace").split("\n"))
    except PeerUnclear:
        return
    assert all(isinstance(value, str) and "\n" not in value for value in header.values())


def agi_reply(data: bytes) -> None:
    try:
        reply = parse_reply(data.decode("utf-8", "replace"))
    except PeerUnclear:
        return
    assert 0 <= reply.code <= 999


def agi_stream(data: bytes) -> None:
    """The first byte says where the stream is cut in two reads."""

    async def read() -> None:
        reader = asyncio.StreamReader(limit=LINE_BYTES)
        wire = Wire(reader, Nowhere())  # type: ignore[arg-type]
        cut = data[0] if data else 0
        for piece in (data[1 : 1 + cut], data[1 + cut :]):
            reader.feed_data(piece)
        reader.feed_eof()
        try:
            await wire.header(5)
            while True:
                await wire.ask("NOOP", 5)
        except AgiError:
            return

    loop().run_until_complete(read())


def ami_stream(data: bytes) -> None:
    """The first byte says where it is cut; cut or whole, the same is heard."""
    cut, data = (data[0] if data else 0), data[1:]
    assert _heard(data[:cut], data[cut:]) == _heard(data)


def _heard(*pieces: bytes) -> list[Event]:
    async def read() -> list[Event]:
        heard = Heard()
        connection: Connection = AmiReader(heard)
        connection.connection_made(asyncio.Transport())
        for piece in pieces:
            connection.data_received(piece)
        return heard.events

    return loop().run_until_complete(read())


def queue_log(data: bytes) -> None:
    ledger = Ledger()
    lines = data.decode("utf-8", "replace").split("\n")
    ledger.follow(record for line in lines if (record := Record.parse(line)))
    json.dumps(asdict(ledger))


def spool_item(data: bytes) -> None:
    try:
        item = Item.load(written("item.json", data))
    except SpoolError:
        return
    plain = Item(item=item.item, kind=item.kind)
    for field in fields(Item):
        assert type(getattr(item, field.name)) is type(getattr(plain, field.name)), field.name
    assert item.media_name in ("audio.wav", "fax.tif")


def menus(data: bytes) -> None:
    """Refused with a reason at a place, or good enough to be compiled."""
    texts = good_texts() | {"menus.yaml": data.decode("utf-8", "replace")}
    faults = check(texts)
    assert all(fault.line >= 1 and fault.message for fault in faults)
    if not faults:
        assert dialplan.compile(load(texts), 1)


def settings(data: bytes) -> None:
    written("settings.yaml", data)
    try:
        Settings.load({"HOTLINE_HOME": str(folder())})
    except SettingsError:
        return


def phone(data: bytes) -> None:
    try:
        phones._read(written("1001.json", data))
    except phones.PhoneError:
        return


def certificate(data: bytes) -> None:
    """As the inside of a PEM file, and as the file itself."""
    armoured = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data) + b"-----END CERTIFICATE-----\n"
    for text in (armoured, data):
        try:
            certificates.read(written("cert.pem", text), written("key.pem", data))
        except certificates.CertificateUnusable:
            continue


def state(data: bytes) -> None:
    snapshot.read(written("state.json", data))


def audio(data: bytes) -> None:
    """The first byte says by which name the file goes."""
    kind = SOUND_NAMES[data[0] % len(SOUND_NAMES)] if data else ".wav"
    try:
        sound = read_audio(written(f"sound{kind}", data[1:]), MOST_SECONDS)
    except AudioError:
        return
    assert sound.samples.ndim == 1 and 0 < sound.seconds <= MOST_SECONDS and bool(np.isfinite(sound.samples).all())


def audiosocket(data: bytes) -> None:
    try:
        for kind, payload in Frames().feed(data):
            assert kind in KINDS and len(payload) <= LONGEST_BYTES
    except Malformed:
        pass


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (agi_header, agi_reply, agi_stream, ami_stream, queue_log, spool_item, menus, settings, phone, state, certificate, audio, audiosocket)
}
