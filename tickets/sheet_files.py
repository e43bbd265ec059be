"""Tables as CSV and Excel files, out and in: what a spreadsheet would run as a formula is neutralised, what would burst a machine refused.

Out: CSV is UTF-8 with a byte order mark, for Excel; moments are the city's. In: CSV in UTF-8, UTF-16 or GB18030, and .xlsx,
its first sheet. What comes in is text and moments, nothing is computed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from tickets.columns import Cell
from tickets.numbers import SHANGHAI

FORMULA = re.compile(r"^['\s]*[=+\-@＝＋－＠]")  # what Excel, WPS and LibreOffice begin to compute
MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 500
MOST_ROWS = 2000  # of an import: some 6 ms each, in which nobody else can write
MOST_COLUMNS = 60
LONGEST_CELL = 20_000
LONGEST_EXCEL_CELL = 32_767  # Excel's own limit
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
MOMENT, EXCEL_MOMENT = "%Y-%m-%d %H:%M:%S", "yyyy-mm-dd hh:mm:ss"
WIDTHS = {"诉求内容": 60, "处理结果": 40, "诉求主题": 30, "序号": 6, "预警状态": 10, "办件状态": 10, "派发时间": 20, "承诺完成时间": 20}
Rows = Iterable[Sequence[Cell]]


class SheetError(ValueError):
    """The file cannot be read as a table; the message says why and what to do."""


def write_csv(out: BinaryIO, head: Sequence[str], rows: Rows) -> None:
    """With a byte order mark: without it Excel takes Chinese for something else."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", errors="replace", write_through=True)
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(head)
    table.writerows([_harmless(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


def write_xlsx(out: BinaryIO, head: Sequence[str], rows: Rows) -> None:
    """One sheet, its head bold and always in sight; numbers of tickets and telephones are text, moments are moments."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("工单")
    sheet.freeze_panes = "C2"
    for place, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(place)].width = WIDTHS.get(name, 18)
    sheet.append([_headed(sheet, name) for name in head])
    count = 1
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{count}"
    book.save(out)


def read(content: bytes) -> list[list[Cell]]:
    """All rows, the empty ones too, so that a row's place is its line in the file. Raises SheetError."""
    if len(content) > MOST_BYTES:
        raise SheetError(f"the file has {len(content)} bytes, at most {MOST_BYTES} are taken: split it")
    if content.startswith(OLE):
        raise SheetError("this is an old Excel file (.xls), or one with a password: save it as .xlsx without one")
    found = list(_limited(_from_xlsx(content) if content.startswith(ZIP) else _from_csv(content)))
    while found and not any(found[-1]):  # rows that were only formatted
        found.pop()
    return found


def text(content: bytes) -> str:
    """CSV's bytes as text, by their mark, as UTF-8, or as GB18030. Raises SheetError."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decoded(content, encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(content, "gb18030")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetError(f"the file is neither UTF-8 nor GB18030 (byte {error.start}): save it as CSV UTF-8") from None


def _from_csv(content: bytes) -> Iterator[list[Cell]]:
    whole = text(content)
    if "\x00" in whole:
        raise SheetError("the file holds zero bytes: it is no CSV")
    head = whole[: whole.find("\n") if "\n" in whole else None]
    between = max(",;\t", key=head.count)
    csv.field_size_limit(MOST_BYTES)
    try:
        for row in csv.reader(io.StringIO(whole, newline=""), delimiter=between, strict=True):
            yield [_plain(cell) for cell in row]
    except csv.Error as error:
        raise SheetError(f"the file is no CSV: {error}") from None


def _from_xlsx(content: bytes) -> Iterator[list[Cell]]:
    _looked_at(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise SheetError("the file holds no sheet")
        sheet.reset_dimensions()  # what the file says of its own size is not believed
        for row in sheet.iter_rows(max_row=MOST_ROWS + 12, max_col=MOST_COLUMNS + 1, values_only=True):
            yield _to_last([_read_cell(value) for value in row])
    except SheetError:
        raise
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError) as error:
        raise SheetError(f"the file is no Excel file that can be read ({type(error).__name__}): save it anew as .xlsx") from None  # openpyxl's own many ways to say so


def _to_last(row: list[Cell]) -> list[Cell]:
    """Up to its last cell that holds something."""
    while row and row[-1] is None:
        row.pop()
    return row


def _looked_at(content: bytes) -> None:
    """Before anything of it is unpacked: an archive's list says how large it would become."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SheetError(f"the file is damaged: {error}") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SheetError(f"the file would unpack to more than {MOST_UNPACKED} bytes or {MOST_PARTS} parts: it is refused")


def _limited(rows: Iterator[list[Cell]]) -> Iterator[list[Cell]]:
    for place, row in enumerate(rows, 1):
        if place > MOST_ROWS + 11:
            raise SheetError(f"the file has more than {MOST_ROWS} rows: split it")
        if len(row) > MOST_COLUMNS:
            raise SheetError(f"row {place} has more than {MOST_COLUMNS} columns")
        if long := next((cell for cell in row if isinstance(cell, str) and len(cell) > LONGEST_CELL), None):
            raise SheetError(f"row {place} has a cell of {len(long)} characters, at most {LONGEST_CELL} are taken")
        yield row


def _read_cell(value: Any) -> Cell:
    match value:
        case None | datetime():
            return value
        case date():
            return datetime(value.year, value.month, value.day)
        case float() if value.is_integer():
            return str(int(value))
    return _plain(str(value))


def _plain(cell: str) -> str:
    """Without the apostrophe that kept it from being computed."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _harmless(cell: Cell) -> str:
    """As CSV text; what a spreadsheet would compute has an apostrophe before it."""
    if isinstance(cell, datetime):
        return cell.astimezone(SHANGHAI).strftime(MOMENT)
    said = CONTROL.sub("", cell or "")
    return f"'{said}" if FORMULA.match(said) else said


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0))
        cell.number_format = EXCEL_MOMENT
    else:
        cell = WriteOnlyCell(sheet, _harmless(value)[:LONGEST_EXCEL_CELL])
        cell.data_type, cell.number_format = "s", "@"  # never a formula, and no figures of a telephone lost
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _headed(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, name)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
    cell.alignment = Alignment(horizontal="center", vertical="center")
    return cell
