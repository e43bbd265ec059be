"""People as rows: what may stand in them, PINs that lock, and an audit of every change and every refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queues import audit, people, pins, shifts
from queues.actor import ADMINISTRATOR, AGENT, Actor, Refused
from queues.tables import Person, Shift
from tickets.database import Database

ROOT = Actor(ADMINISTRATOR, name="root")
LI = {"name": "李明", "work_number": "1024", "skills": {"tax": 7}, "languages": ["en"], "dialects": ["cantonese"], "level": 3}
PIN = "4711"


def refusal(work: Any, *args: Any) -> Refused:
    with pytest.raises(Refused) as no:
        work(*args)
    return no.value


def deeds(database: Database) -> list[tuple[str, str, str]]:
    return [(line.action, line.target, line.outcome) for line in reversed(audit.lines(database))]


def test_somebody_is_made_found_changed_and_removed(database: Database) -> None:
    people.add(database, ROOT, "li", LI, PIN)
    found = people.find(database, "li")
    assert (found.name, found.work_number, found.skills, found.role, found.wrapup_seconds) == ("李明", "1024", {"tax": 7}, AGENT, None)
    people.edit(database, ROOT, "li", {"skills": {"law": 9}, "wrapup_seconds": 30, "active": False})
    changed = people.find(database, "li")
    assert (changed.skills, changed.wrapup_seconds, changed.active, changed.name) == ({"law": 9}, 30, False, "李明")
    people.remove(database, ROOT, "li")
    assert refusal(people.find, database, "li").status == 404
    assert deeds(database) == [("agent.add", "li", "done"), ("agent.edit", "li", "done"), ("agent.remove", "li", "done")]


WRONG: list[tuple[str, dict[str, Any], str | None, int, str]] = [
    ("Li", LI, None, 422, "login"),
    ("li\nx", LI, None, 422, "login"),
    ("li", {"name": "李"}, None, 422, "work_number"),
    ("li", LI | {"work_number": "10 24"}, None, 422, "work_number"),
    ("li", LI | {"skills": {"tax": 10}}, None, 422, "skills/tax"),
    ("li", LI | {"skills": {"Tax!": 1}}, None, 422, "skills"),
    ("li", LI | {"skills": {"tax": True}}, None, 422, "skills/tax"),
    ("li", LI | {"level": 0}, None, 422, "level"),
    ("li", LI | {"role": "administrator"}, None, 422, "role"),
    ("li", LI | {"dialects": "cantonese"}, None, 422, "dialects"),
    ("li", LI | {"salary": 1}, None, 422, "salary"),
    ("li", LI | {"name": "a\nb"}, None, 422, "name"),
    ("li", LI, "123", 422, "pin"),
    ("li", LI, "1111", 422, "pin"),
    ("li", LI, "2345", 422, "pin"),
    ("li", LI, "4321", 422, "pin"),
]


def test_what_may_not_stand_in_a_person_is_refused_by_name_and_audited(database: Database) -> None:
    for login, fields, pin, status, named in WRONG:
        no = refusal(people.add, database, ROOT, login, fields, pin)
        assert (no.status, no.extra["field"]) == (status, named), (login, fields, pin)
    assert people.everybody(database) == []
    assert deeds(database) == [("agent.add", login, "refused") for login, *_ in WRONG]


def test_one_login_and_one_work_number_belong_to_one_person(database: Database) -> None:
    people.add(database, ROOT, "li", LI)
    assert refusal(people.add, database, ROOT, "li", LI | {"work_number": "1025"}).status == 409
    assert "1024 is li's" in refusal(people.add, database, ROOT, "wang", LI).detail
    people.add(database, ROOT, "wang", LI | {"work_number": "1025"})
    assert refusal(people.edit, database, ROOT, "wang", {"work_number": "1024"}).status == 409
    assert people.find(database, "wang").work_number == "1025"


def test_whoever_is_logged_in_is_not_removed(database: Database) -> None:
    people.add(database, ROOT, "li", LI)
    shifts.begin(database, shift("li", "1001"))
    assert refusal(people.remove, database, ROOT, "li").status == 409
    shifts.end(database, "li")
    people.remove(database, ROOT, "li")


def test_a_pin_opens_locks_after_tries_and_the_lock_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", 4)
    people.add(database, ROOT, "li", LI, PIN)
    assert PIN not in (people.find(database, "li").pin or "")
    assert people.by_pin(database, "1024", PIN).login == "li"
    left = [refusal(people.by_pin, database, "1024", "0000").extra.get("tries_left") for _ in range(people.WRONG_PINS - 1)]
    assert left == [4, 3, 2, 1]
    assert refusal(people.by_pin, database, "1024", "0000").status == 423
    assert refusal(people.by_pin, database, "1024", PIN).status == 423, "the right one does not open a lock"
    people.unlock(database, "li")
    assert people.by_pin(database, "1024", PIN).login == "li"
    with database.writes() as session:
        session.get_one(Person, "li").locked_until = datetime.now(UTC) - timedelta(seconds=1)
    assert people.by_pin(database, "1024", PIN).login == "li", "a lock ends by itself"


def test_a_right_pin_forgets_the_wrong_ones(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", 4)
    people.add(database, ROOT, "li", LI, PIN)
    for _ in range(3):
        for _ in range(people.WRONG_PINS - 1):
            refusal(people.by_pin, database, "1024", "0000")
        people.by_pin(database, "1024", PIN)


def test_nobody_learns_which_work_numbers_there_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "COST", 4)
    people.add(database, ROOT, "li", LI, PIN)
    people.add(database, ROOT, "wang", LI | {"work_number": "1025"})
    people.add(database, ROOT, "zhao", LI | {"work_number": "1026", "active": False}, PIN)
    said = {refusal(people.by_pin, database, number, "0000").detail for number in ("1024", "1025", "1026", "9999", "")}
    assert len(said) == 1
    assert refusal(people.by_pin, database, "1026", PIN).status == 403, "who left does not log in"


def test_one_phone_one_agent_whoever_is_first(database: Database) -> None:
    for login, number in (("li", "1024"), ("wang", "1025")):
        people.add(database, ROOT, login, LI | {"work_number": number})
    shifts.begin(database, shift("li", "1001"))
    for other in (shift("wang", "1001"), shift("li", "1002")):
        assert refusal(shifts.begin, database, other).status == 409
    [(known, person)] = shifts.everything(database)
    assert (known.phone, known.queues, person.name) == ("1001", {"hotline-general": 0}, "李明")
    shifts.keep(database, shift("li", "1001", state="paused", why="meal"))
    shifts.keep(database, shift("wang", "1003"))
    assert [(row.login, row.state, row.why) for row, _ in shifts.everything(database)] == [("li", "paused", "meal")]


def shift(login: str, phone: str, state: str = "available", why: str = "") -> Shift:
    now = datetime.now(UTC)
    return Shift(login=login, phone=phone, queues={"hotline-general": 0}, state=state, why=why, since=now, until=None, linkedid="", logged_in_at=now)
