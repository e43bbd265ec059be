"""What is over goes, part by part, with proof; what is worked on stays; a killed run is made up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ivr import retention as rules
from ivr.retention import Days, Retention
from tests.tickets.stage import Stage, page
from tickets import chain, deletions, wiping
from tickets.adopt import Adoption
from tickets.attachment_tables import Attachment
from tickets.case import Cases, Who
from tickets.case_edits import Edits
from tickets.erasure import Erasure
from tickets.item import new_id
from tickets.models import Ticket
from tickets.retention import Keeper
from tickets.revisit_tables import Revisit
from tickets.transcriber import Transcript
from tickets.vault import Vault, is_sealed

CALLER = "13800001234"
CLOSED = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Retention({
    "recordings": Days(10, {"report": 1000}), "documents": Days(20), "words": Days(30), "identity": Days(40), "hand_overs": Days(5), "calls": Days(7),
})  # fmt: skip


def keeper(stage: Stage, days: float, by: Retention = RULES, **more: Any) -> Keeper:
    return Keeper(stage.store.database, Vault(stage.home, stage.store.database), by, clock=lambda: CLOSED + timedelta(days=days), **more)


def left(stage: Stage, kind: str = "voicemail", *, stage_name: str = "filed", **facts: str) -> Ticket:
    item = stage.message(1, **facts) if kind == "voicemail" else stage.fax([page("one")])
    made = Adoption(stage.home, stage.spool, stage.store).adopt(item)
    if kind == "voicemail":
        stage.store.record_transcript(made.id, Transcript("路灯坏了", "路 灯", "play", "none"))
        Edits(Cases(stage.store.database)).add_note(made.number, Who("agent", "li"), "已联系")
    picture = stage.home / "attachments" / f"{made.id}.png"
    sealed = Vault(stage.home, stage.store.database).store(stage.home / "play", picture, CALLER)
    with stage.store.database.writes() as session:
        row = session.get_one(Ticket, made.id)
        row.stage, row.stage_at = stage_name, CLOSED
        session.add(Attachment(
            id=new_id(), ticket_id=made.id, source=f"email {made.id} 1", name="张三家.png", kind="image/png", bytes=5, sha256=sealed.sha256,
            path=f"attachments/{made.id}.png", at=CLOSED,
        ))  # fmt: skip
    return stage.store.ticket(made.number)


def parts_left(stage: Stage, ticket: Ticket) -> set[str]:
    with stage.store.database.reads() as session:
        return {part for part in wiping.PARTS if wiping.holds(session, session.get_one(Ticket, ticket.id), part)}


@pytest.fixture
def on_sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Stage]:
    shutil.copyfile(sqlite_template, tmp_path / "hotline.sqlite3")
    play = Stage(tmp_path, f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield play
    play.close()


def test_each_part_goes_in_its_time_and_no_earlier(on_sqlite: Stage) -> None:
    stage = on_sqlite
    voice, fax, working = left(stage), left(stage, "fax"), left(stage, stage_name="handling")
    everything = {"recordings", "documents", "words", "identity", "hand_overs"}
    assert parts_left(stage, voice) == everything and parts_left(stage, fax) == {"documents", "identity", "hand_overs"}
    steps = [(4.9, everything, True), (5, everything - {"hand_overs"}, True), (11, {"documents", "words", "identity"}, True), (29, {"words", "identity"}, False), (31, {"identity"}, False), (40, set(), False)]
    for days, wanted, fax_there in steps:
        keeper(stage, days).run()
        assert parts_left(stage, voice) == wanted, days
        assert ("documents" in parts_left(stage, fax)) == fax_there, days
    assert parts_left(stage, working) == everything, "what is worked on keeps everything"
    assert not (stage.home / str(voice.audio_path)).exists() and (stage.home / str(working.audio_path)).exists()
    assert list((stage.home / "documents").rglob("*.*")) == []
    assert [path.stem for path in (stage.home / "attachments").iterdir()] == [working.id]
    row = stage.store.ticket(voice.number)
    assert (row.caller, row.transcript, row.audio_path, row.stage, row.type) == ("", None, None, "filed", "complaint")
    erased = [line.detail for line in stage.store.history(ticket_id=voice.id) if line.event == "erased"]
    assert [line["parts"] for line in erased] == [["hand_overs"], ["recordings"], ["documents"], ["words"], ["identity"]]
    assert erased[1]["sha256"] == {"recordings": [voice.audio_sha256]}
    with stage.store.database.reads() as session:
        assert chain.verify(session).broken is None
        assert deletions.verify(session, Vault(stage.home, stage.store.database).persons.master()) == ""


def test_what_was_said_at_a_return_visit_goes_with_the_recordings(on_sqlite: Stage) -> None:
    stage = on_sqlite
    kept = []
    for ticket in (left(stage), left(stage, stage_name="handling")):
        path = f"recordings/{ticket.id}-visit.wav"
        sealed = Vault(stage.home, stage.store.database).store(stage.home / "play", stage.home / path, CALLER)
        with stage.store.database.writes() as session:
            session.add(Revisit(
                id=new_id(), ticket_id=ticket.id, round=0, state="done", tries=1, made_at=CLOSED, changed_at=CLOSED, reason="", solved="no", satisfied="dissatisfied",
                settled=True, audio_path=path, audio_seconds=2.0, words_state="done", words_attempts=1,
            ))  # fmt: skip
        kept.append(stage.home / path)
    keeper(stage, 9).run()
    assert all(map(is_sealed, kept))
    keeper(stage, 11).run()
    assert [path.exists() for path in kept] == [False, True], "what is worked on keeps its voice"
    with stage.store.database.reads() as session:
        assert sorted(session.scalars(select(Revisit.audio_path)).all(), key=str) == sorted([None, str(kept[1].relative_to(stage.home))], key=str)
        assert sealed.sha256 in deletions.lines(session)[0].report["tickets"][0]["sha256"]


def test_a_type_of_matter_may_be_kept_longer(on_sqlite: Stage) -> None:
    report = left(on_sqlite, type="report")
    keeper(on_sqlite, 100).run()
    assert parts_left(on_sqlite, report) == {"recordings"}
    keeper(on_sqlite, 1001).run()
    assert parts_left(on_sqlite, report) == set()


def test_a_dry_run_counts_and_changes_nothing(on_sqlite: Stage) -> None:
    voice = left(on_sqlite)
    asked: list[tuple[datetime, bool]] = []

    def calls(before: datetime, dry: bool) -> int:
        asked.append((before, dry))
        return 3

    told = keeper(on_sqlite, 50, others={"calls": calls}).run(dry=True)
    assert told["counts"] == {"recordings": 1, "documents": 1, "words": 1, "identity": 1, "hand_overs": 1, "calls": 3, "letters": 0}
    assert asked == [(CLOSED + timedelta(days=43), True)]
    assert len(parts_left(on_sqlite, voice)) == 5
    with on_sqlite.store.database.reads() as session:
        assert deletions.lines(session) == []


def test_the_report_says_which_tickets_and_a_second_run_finds_nothing(on_sqlite: Stage) -> None:
    voice = left(on_sqlite)
    keeper(on_sqlite, 50).run("administrator chen")
    assert set(keeper(on_sqlite, 51).run()["counts"].values()) == {0}
    with on_sqlite.store.database.reads() as session:
        second, first = deletions.lines(session)
    assert (first.why, first.actor, second.report["tickets"]) == ("retention", "administrator chen", [])
    [told] = first.report["tickets"]
    assert told["ticket"] == voice.id and str(voice.audio_sha256) in told["sha256"] and len(told["sha256"]) == 2
    assert CALLER not in str(first.report) and "路灯" not in str(first.report)


def test_shorter_rules_look_at_everything_again(on_sqlite: Stage) -> None:
    voice = left(on_sqlite, type="report")
    keeper(on_sqlite, 100).run()
    assert parts_left(on_sqlite, voice) == {"recordings"}
    keeper(on_sqlite, 101, Retention({**RULES.parts, "recordings": Days(10)})).run()
    assert parts_left(on_sqlite, voice) == set()


def test_killed_between_file_and_row_it_is_made_up(on_sqlite: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = left(on_sqlite)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(wiping, "wipe", die)
    with pytest.raises(Killed):
        keeper(on_sqlite, 50).run()
    monkeypatch.undo()
    assert not (on_sqlite.home / str(voice.audio_path)).exists() and "recordings" in parts_left(on_sqlite, voice)
    keeper(on_sqlite, 50).run()
    assert parts_left(on_sqlite, voice) == set()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_same_on_postgresql_and_an_erasure_too(stage: Stage) -> None:
    voice, other = left(stage), left(stage, caller="13900005678")
    keeper(stage, 31).run()
    assert parts_left(stage, voice) == parts_left(stage, other) == {"identity"}
    vault = Vault(stage.home, stage.store.database)
    report = Erasure(stage.store.database, vault).erase(CALLER, "chen", "asked")
    assert [one["ticket"] for one in report["tickets"]] == [voice.id]
    assert (stage.store.ticket(voice.number).caller, stage.store.ticket(other.number).caller) == ("", "13900005678")
    assert vault.persons.find(CALLER) is None
    with stage.store.database.reads() as session:
        assert chain.verify(session).broken is None and deletions.verify(session, vault.persons.master()) == ""


def test_the_citys_parts_are_those_that_can_be_wiped() -> None:
    assert set(rules.PARTS) == {*wiping.PARTS, "calls"}
