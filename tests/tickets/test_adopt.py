"""From the spool to a ticket with its files: whole, once, whoever is killed in between."""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.tickets.process import adopt_and_die, start
from tests.tickets.stage import Stage, page, write_fax
from tickets.adopt import STEPS, Adoption
from tickets.fax import preview, to_pdf
from tickets.models import Ticket
from tickets.spool import Item
from tickets.vault import Vault

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # about files: one database is enough


def printed(pdf: bytes) -> list[Image.Image]:
    """The pages of a PDF of ours, read back by giving each T.6 stream the header of a TIFF."""
    sheets = []
    for found in re.finditer(rb"/Width (\d+) /Height (\d+) .*?/K -1 /BlackIs1 true .*?/Length (\d+) >>\nstream\n", pdf):
        width, height, length = map(int, found.groups())
        black_is_zero = 1
        tags = [(256, width), (257, height), (258, 1), (259, 4), (262, black_is_zero), (273, 8), (278, height), (279, length)]
        directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        code = pdf[found.end() : found.end() + length] + b"\0" * (length % 2)
        tiff = b"II*\0" + struct.pack("<I", 8 + len(code)) + code + directory + b"\0" * 4
        sheets.append(Image.open(io.BytesIO(tiff)).convert("1"))
    return sheets


def kept(stage: Stage, path: str | None) -> bytes:
    """What was stored, read through the only door there is."""
    with Vault(stage.home, stage.store.database).open(stage.home / str(path)) as file:
        return file.read()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def adopt(stage: Stage, item: Item) -> Ticket:
    return Adoption(stage.home, stage.spool, stage.store).adopt(item)


def test_a_message_becomes_a_ticket_with_its_recording(stage: Stage) -> None:
    item = stage.message(2.5)
    ticket = adopt(stage, item)
    path = stage.home / str(ticket.audio_path)
    assert (ticket.audio_seconds, ticket.audio_sha256) == (2.5, digest(kept(stage, ticket.audio_path)))
    assert path.relative_to(stage.home).parts[0] == "recordings"
    assert path.stat().st_mode & 0o077 == 0, "nobody else may listen"
    assert stage.spool.waiting() == []
    assert stage.jobs.live("transcribe") == {ticket.id}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_and_nothing_is_double(stage: Stage, step: str) -> None:
    item = stage.message(2)
    assert stage.ended(start(adopt_and_die, stage.home, stage.url, step)) == -9
    assert len(stage.spool.waiting()) == 1, "the spool keeps it until all is stored"
    assert stage.store.count() == (step == "committed")
    ticket = adopt(stage, stage.spool.waiting()[0])
    assert stage.store.count() == 1
    assert ticket.item == item.item
    assert ticket.number.endswith("-000001")
    assert ticket.audio_sha256 == digest(kept(stage, ticket.audio_path))
    assert stage.jobs.live("transcribe") == {ticket.id}
    assert stage.spool.waiting() == []


@ON_SQLITE
def test_an_empty_message_is_a_ticket_that_says_so(stage: Stage) -> None:
    ticket = adopt(stage, stage.message(0))
    assert (ticket.transcript_state, ticket.transcript_error) == ("no_speech", "nothing was recorded")


@ON_SQLITE
def test_a_file_that_is_no_recording_is_kept_and_named(stage: Stage) -> None:
    item = stage.spool.open("voicemail", {})
    stage.spool.media(item).write_bytes(os.urandom(5000))
    stage.spool.close(item.item)
    ticket = adopt(stage, item)
    assert ticket.transcript_state == "no_speech"
    assert len(kept(stage, ticket.audio_path)) == 5000


@ON_SQLITE
def test_a_fax_becomes_a_pdf_that_equals_what_was_sent(stage: Stage) -> None:
    pages = [page("第一页 complaint"), page("second page", 2290)]
    ticket = adopt(stage, stage.fax(pages))
    pdf = kept(stage, ticket.document_path)
    assert pdf.startswith(b"%PDF-")
    assert ticket.document_pages == 2
    assert [sheet.tobytes() for sheet in printed(pdf)] == [sheet.tobytes() for sheet in pages]
    assert ticket.document_error is None
    assert ticket.document_sha256 == digest(pdf)
    with Image.open(io.BytesIO(kept(stage, ticket.preview_path))) as first:
        assert (first.format, first.width) == ("PNG", 864)
        assert abs(first.height / first.width - 1145 / 98 * 204 / 1728) < 0.01, "the proportions of the paper"


@ON_SQLITE
def test_a_broken_fax_keeps_the_pages_that_arrived(stage: Stage) -> None:
    item = stage.fax([page("one"), page("two")], "FAILED", "The call dropped prematurely")
    ticket = adopt(stage, item)
    assert (ticket.document_pages, ticket.document_error) == (2, "FAILED: The call dropped prematurely")
    assert ticket.document_path is not None


@ON_SQLITE
def test_a_fax_without_a_page_is_a_ticket_with_the_failure_named(stage: Stage) -> None:
    ticket = adopt(stage, stage.fax([], "FAILED", "no carrier"))
    assert (ticket.document_pages, ticket.document_path) == (0, None)
    assert ticket.document_error == "FAILED: no carrier; no page can be read"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_tiff_cut_off_in_its_last_page_keeps_the_first(tmp_path: Path) -> None:
    write_fax(tmp_path / "whole.tif", [page("one"), page("two")])
    data = bytearray((tmp_path / "whole.tif").read_bytes())
    with Image.open(tmp_path / "whole.tif") as whole:
        whole.seek(1)
        directory = whole.tag_v2  # type: ignore[attr-defined]
        start, length = directory[273][0], directory[279][0]
    (tmp_path / "cut.tif").write_bytes(bytes(data[:start]) + b"\xff" * length + bytes(data[start + length :]))
    pages = to_pdf(tmp_path / "cut.tif", tmp_path / "cut.pdf")
    assert pages.count >= 1
    (tmp_path / "short.tif").write_bytes(bytes(data[: start + 10]))
    assert to_pdf(tmp_path / "short.tif", tmp_path / "short.pdf").count <= 1


WHOLE = io.BytesIO()
write_fax(WHOLE, [page("one"), page("two")])


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE.getvalue()) - 1), st.integers(0, 255)), max_size=12), st.integers(0, len(WHOLE.getvalue())))
def test_no_fax_however_damaged_stops_the_reader(tmp_path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(WHOLE.getvalue())
    for place, value in changes:
        data[place] = value
    (tmp_path / "x.tif").write_bytes(data[: max(cut, 8)] if cut % 3 == 0 else data)
    pages = to_pdf(tmp_path / "x.tif", tmp_path / "x.pdf")
    assert pages.count > 0 or pages.fault
    assert (tmp_path / "x.pdf").exists() == (pages.count > 0)
    preview(tmp_path / "x.tif")
    (tmp_path / "x.pdf").unlink(missing_ok=True)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Truncated File Read")
@pytest.mark.parametrize("rubbish", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_fax_has_no_pages_and_a_fault(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "x.tif").write_bytes(rubbish)
    pages = to_pdf(tmp_path / "x.tif", tmp_path / "x.pdf")
    assert pages.count == 0
    assert pages.fault
    assert not (tmp_path / "x.pdf").exists()


def test_a_page_of_monstrous_size_is_refused(tmp_path: Path) -> None:
    Image.new("1", (7000, 7000), 1).save(tmp_path / "bomb.tif", compression="group4")
    pages = to_pdf(tmp_path / "bomb.tif", tmp_path / "bomb.pdf")
    assert (pages.count, pages.fault) == (0, "page 1: 7000 x 7000 pixels")
