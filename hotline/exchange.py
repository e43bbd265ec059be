"""`hotline tickets export` and `import`: files with the 18 columns, written and read by whoever sits at this machine."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.cases import CityRules
from hotline.menus import whoever
from hotline.open311 import Services
from hotline.settings import Settings
from queues import audit
from queues.actor import ADMINISTRATOR, Actor
from queues.audit import Line

if TYPE_CHECKING:  # the database's packages take seconds to import
    from collections.abc import Iterable, Iterator, Sequence

    from tickets.columns import Cell, Names
    from tickets.importing import Report
    from tickets.store import Store


class ExchangeError(Exception):
    """It was not written or read; the message says why."""


def export(store: Store, settings: Settings, path: Path, reason: str, since: datetime | None, until: datetime | None) -> int:
    """Writes a new file, by its name's end CSV or Excel; returns how many tickets. With a reason names and numbers are in full, which the audit notes."""
    from tickets import exchange, sheet_files  # noqa: PLC0415
    from tickets.columns import COLUMNS  # noqa: PLC0415
    from tickets.life import now  # noqa: PLC0415
    from tickets.sight import Viewer  # noqa: PLC0415

    write = {".csv": sheet_files.write_csv, ".xlsx": sheet_files.write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise ExchangeError(f"{path}: the name must end in .csv or .xlsx")
    if reason:
        audit.write(store.database, Line(_me(), "tickets.export", path.name, reason=f"names and numbers: {reason}"))
    rows = _Counted(exchange.rows(store.database, names(settings), now(), Viewer(ADMINISTRATOR, reason=reason), since, until))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            write(out, COLUMNS, rows)
    except FileExistsError:
        raise ExchangeError(f"{path}: is there already; nothing is overwritten") from None
    except OSError as error:
        raise ExchangeError(f"{path}: {error.strerror}") from error
    return rows.count


def bring_in(store: Store, settings: Settings, path: Path, *, apply: bool) -> Report:
    """Says what the file would do, or does it. Raises ExchangeError."""
    from tickets import importing  # noqa: PLC0415
    from tickets.case import Cases, Who  # noqa: PLC0415
    from tickets.sheet_files import MOST_BYTES, SheetError  # noqa: PLC0415

    me = _me()
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        report = importing.run(Cases(store.database, CityRules(settings)), names(settings), content, Who(ADMINISTRATOR, str(me)), apply=apply)
    except OSError as error:
        raise ExchangeError(f"{path}: {error.strerror}") from error
    except SheetError as error:
        raise ExchangeError(f"{path}: {error}") from None
    if apply:
        audit.write(store.database, Line(me, "tickets.import", path.name, audit.DONE if report.applied else audit.REFUSED, reason=f"{len(report.lines)} rows"))
    return report


def names(settings: Settings) -> Names:
    """The city's organisations, channels and categories by name."""
    from tickets.columns import Names  # noqa: PLC0415
    from tickets.exchange import categories  # noqa: PLC0415

    return Names.of(CityRules(settings)(), categories(Services(settings)()))


class _Counted:
    """Rows, and how many went by."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row


def _me() -> Actor:
    return Actor(ADMINISTRATOR, name=whoever())
