"""Blocks are made by people, with a reason and an end; nothing is blocked as a class, and nothing for ever."""

from __future__ import annotations

import pytest

from queues import blocks
from queues.actor import FLOOR, INTEGRATION, SUPERVISOR, Actor, Refused
from tickets.database import Database

BOSS = Actor(SUPERVISOR, agent="wang")


def test_a_block_has_a_person_a_reason_and_an_end(database: Database) -> None:
    blocks.add(database, BOSS, "13812345678", "insults\nagents", 7)
    blocks.add(database, BOSS, "13812345678", "again", 30)
    (row,) = blocks.listed(database)
    assert (row.number, row.reason, row.made_by, (row.until - row.made_at).days) == ("13812345678", "again", "agent wang", 30)
    assert [old.reason for old in blocks.listed(database, all_=True)] == ["again", "insults agents"]
    blocks.remove(database, BOSS, "13812345678")
    assert list(blocks.listed(database)) == []
    with pytest.raises(Refused, match="not blocked"):
        blocks.remove(database, BOSS, "13812345678")


@pytest.mark.parametrize(
    ("by", "number", "reason", "days", "message"),
    [
        (Actor(FLOOR), "13812345678", "why", 7, "by people"),
        (Actor(INTEGRATION), "13812345678", "why", 7, "by people"),
        (BOSS, "", "withheld", 7, "withheld numbers cannot be blocked"),
        (BOSS, "anonymous", "withheld", 7, "not a telephone number"),
        (BOSS, "138*", "all of them", 7, "not a telephone number"),
        (BOSS, "13812345678", " ", 7, "a reason is needed"),
        (BOSS, "13812345678", "why", 0, "1 to 180 days"),
        (BOSS, "13812345678", "why", 10_000, "1 to 180 days"),
    ],
)
def test_what_is_no_block(database: Database, by: Actor, number: str, reason: str, days: int, message: str) -> None:
    with pytest.raises(Refused, match=message):
        blocks.add(database, by, number, reason, days)
    assert list(blocks.listed(database, all_=True)) == []


def test_nuisance_is_written_down_and_blocks_nobody(database: Database) -> None:
    blocks.note_nuisance(database, BOSS, "13812345678", "shouts", "link-1")
    blocks.note_nuisance(database, BOSS, "13800000000", "sings")
    assert [(row.what, row.linkedid) for row in blocks.nuisances(database, "13812345678")] == [("shouts", "link-1")]
    assert list(blocks.listed(database)) == []
