"""Files of spreadsheets as people make them, and as others make them who mean harm."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tickets import sheet_files
from tickets.columns import moment
from tickets.numbers import SHANGHAI
from tickets.sheet_files import MOST_BYTES, SheetError, read, write_csv, write_xlsx

HEAD = ("办件编号", "诉求内容", "派发时间")
AT = datetime(2026, 11, 22, 1, 5, 7, tzinfo=UTC)
DANGEROUS = ["=1+1", "+86 138", "-2", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", "＝1", " =1", "'=1", "\t=1", "=cmd|' /C calc'!A0"]


def as_csv(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    write_csv(out, HEAD, rows)  # type: ignore[arg-type]
    return out.getvalue()


def as_xlsx(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    write_xlsx(out, HEAD, rows)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_what_a_spreadsheet_would_compute_is_text_and_comes_back_as_it_was(make: object) -> None:
    content = make(*([str(place), text, None] for place, text in enumerate(DANGEROUS)))  # type: ignore[operator]
    assert [row[1] for row in read(content)[1:]] == DANGEROUS
    if make is as_csv:
        cells = [row[1] for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))][1:]
        assert all(cell.startswith("'") for cell in cells)
    else:
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        assert {cell.data_type for cell in sheet["B"]} == {"s"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=40))
def test_any_text_comes_back_from_csv(text: str) -> None:
    assert read(as_csv(["1", text, "x"]))[1][1] == text


def test_csv_says_what_it_is_written_in_and_moments_are_the_citys() -> None:
    content = as_csv(["20261122-000001", "路灯，\"不亮\"\n第二行", AT])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines()[-1].endswith("2026-11-22 09:05:07")
    assert read(content)[1] == ["20261122-000001", "路灯，\"不亮\"\n第二行", "2026-11-22 09:05:07"]


def test_excel_has_moments_as_moments_and_a_head_in_sight() -> None:
    content = as_xlsx(["20261122-000001", "13800001234\x07", AT])
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert (sheet["C2"].value, sheet["C2"].number_format) == (datetime(2026, 11, 22, 9, 5, 7), "yyyy-mm-dd hh:mm:ss")
    assert (sheet["B2"].value, sheet["A2"].number_format, sheet["A1"].font.bold) == ("13800001234", "@", True)
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C2", "A1:C2")
    assert moment(read(content)[1][2]) == AT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_csv_in_every_writing_that_is_about(encoding: str, between: str) -> None:
    assert read(between.join(("办件编号", "诉求内容\r\nA1", "路灯不亮")).encode(encoding)) == [["办件编号", "诉求内容"], ["A1", "路灯不亮"]]


def unpacks_to(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        for _ in range(size // 1_000_000):
            part.write(b" " * 1_000_000)
    return out.getvalue()


def book(rows: int, columns: int = 1) -> bytes:
    out, made = io.BytesIO(), Workbook(write_only=True)
    sheet = made.create_sheet()
    for _ in range(rows):
        sheet.append(["x"] * columns)
    made.save(out)
    return out.getvalue()


def with_entities() -> bytes:
    """A real Excel file whose sheet has a DTD that doubles itself."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(1))) as whole, zipfile.ZipFile(out, "w") as evil:
        for part in whole.infolist():
            content = whole.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b SYSTEM "file:///etc/passwd">]>' + content.replace(b"x", b"&b;", 1)
            evil.writestr(part.filename, content)
    return out.getvalue()


def test_what_cannot_be_read_says_why() -> None:
    cases = {
        "old Excel file": b"\xd0\xcf\x11\xe0" + bytes(600),
        "damaged": b"PK\x03\x04" + bytes(600),
        "no Excel file that can be read": unpacks_to(1_000_000),
        "neither UTF-8 nor GB18030": b"\xff\xff\xff\xff",
        "zero bytes": b"a,b\x00",
        "no CSV": b'"a,b\n',
        "more than 2000 rows": b"a\n" * 6000,
        "more than 60 columns": b"," * 61,
        "a cell of 20001": b"x" * 20_001,
        "at most": b"x" * (MOST_BYTES + 1),
    }
    for words, content in cases.items():
        with pytest.raises(SheetError, match=words):
            read(content)
    with pytest.raises(SheetError, match="more than 60 columns"):
        read(book(1, 200))
    with pytest.raises(SheetError, match="can be read"):
        read(with_entities())


def test_a_file_that_would_burst_the_machine_is_not_unpacked() -> None:
    bomb = unpacks_to(210_000_000)
    assert len(bomb) < 1_000_000
    with pytest.raises(SheetError, match="would unpack to more than"):
        read(bomb)


def test_an_empty_file_has_no_rows() -> None:
    assert read(b"") == read(b"\n\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22 09:05:07", (2026, 11, 22, 9, 5, 7)),
        ("2026/11/22 9:05", (2026, 11, 22, 9, 5)),
        ("2026.1.2", (2026, 1, 2)),
        ("2026年11月22日 9时5分", (2026, 11, 22, 9, 5)),
        ("2026年11月22日", (2026, 11, 22)),
        ("2026-11-22 下午3:05", (2026, 11, 22, 15, 5)),
        ("2026/11/22 12:05 AM", (2026, 11, 22, 0, 5)),
        ("20261122", (2026, 11, 22)),
        ("46348.378553240742", (2026, 11, 22, 9, 5, 7)),
        ("46348", (2026, 11, 22)),
    ],
)
def test_dates_as_people_and_excel_write_them(text: str, expected: tuple[int, ...]) -> None:
    year, month, day, *rest = expected
    assert moment(text) == datetime(year, month, day, tzinfo=SHANGHAI) + timedelta(**dict(zip(("hours", "minutes", "seconds"), rest, strict=False)))


def test_a_moment_with_its_zone_is_that_moment() -> None:
    assert moment("2026-11-22T01:05:07Z") == AT
    assert moment("") is moment(None) is None


@pytest.mark.parametrize("text", ["tomorrow", "22.11.26", "2026-13-01", "2026-02-30", "2026-11-22 25:00", "2026-11-22 9:99", "99999999", "2026-11-22 later", "2026-11-22Tx"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    for prefix in (b"", sheet_files.ZIP):
        try:
            assert isinstance(read(prefix + content), list)
        except SheetError as no:
            assert str(no)
