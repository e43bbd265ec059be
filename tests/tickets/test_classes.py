"""Every column of the register is somebody's business, and the table says whose."""

from __future__ import annotations

from tickets import tables  # noqa: F401 - all of them
from tickets.classes import COLUMNS, Class, of
from tickets.models import Base


def test_every_column_has_its_class_and_no_other_has_one() -> None:
    there = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    assert sorted(there - COLUMNS.keys()) == [], "say in tickets/classes.py whose business it is"
    assert sorted(COLUMNS.keys() - there) == []


def test_the_classes_of_a_table_are_listed() -> None:
    assert set(of("notes", Class.SENSITIVE)) == {"text", "salt"}
    assert not set(of("history", Class.PERSONAL, Class.SENSITIVE)), "history cannot be erased, so nothing of a person may stand in it"
