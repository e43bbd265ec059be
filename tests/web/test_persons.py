"""A person's data: all of it in one file, or gone: key, rows, files, without breaking the chain."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from hotline import retention
from hotline.cli import build
from hotline.settings import Settings
from queues import audit, recording_rows, recordings
from queues.call_record import CallKind, CallRecord
from queues.record_store import Wanted, calls
from queues.record_store import store as store_records
from queues.recordings import Keeping
from tests.web.conftest import CALLER, Hotline
from tickets import chain, deletions
from tickets.case import Cases, Who
from tickets.case_edits import Edits
from tickets.intake import Intake
from tickets.intake_rules import Report
from tickets.life import now
from tickets.models import Ticket
from tickets.transcriber import Transcript
from tickets.vault import Vault

WORDS = "我是张三路灯坏了"
NOTE = "打过电话给张三"
OTHER = "13900005678"


@pytest.fixture
def left(hotline: Hotline) -> list[Ticket]:
    """A message with words and a note, a fax, a recorded call; and a conversation of somebody else."""
    voice, fax = hotline.leave("voicemail"), hotline.leave("fax")
    hotline.store.record_transcript(voice.id, Transcript(WORDS, WORDS, "play", "none", findings={"fields": {}}))
    Edits(Cases(hotline.store.database)).add_note(voice.number, Who("agent", "li"), NOTE)
    hotline.store.open_draft("9.9", "help", "12345", OTHER, "12345", "1001")
    call = CallRecord("5.5", CallKind.INBOUND, CALLER, "12345", 1e9, ended_at=1e9 + 9, ended_by="caller", type="complaint")
    raw = recordings.raw_folder(hotline.home) / "5.5.raw"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(bytes(4 * recordings.RATE))
    store_records(hotline.store.database, [call])
    recording_rows.keep(hotline.store.database, recordings.store(hotline.home, raw, call, Keeping(), now(), Vault(hotline.home, hotline.store.database).writing))
    raw.unlink()
    with hotline.store.database.writes() as session:
        for ticket in (voice, fax):
            session.get_one(Ticket, ticket.id).stage = "filed"
    return [voice, fax]


def asks(api: TestClient, hotline: Hotline, what: str, role: str = "administrator", **body: Any) -> Any:
    return api.post(f"/api/persons/{what}", headers=hotline.headers(role), json={"number": CALLER, **body})


def raw_bytes(hotline: Hotline) -> bytes:
    """Everything of the database as it lies on the disk."""
    return b"".join(path.read_bytes() for path in sorted(hotline.home.glob("hotline.sqlite3*")))


def test_everything_of_a_person_is_in_one_file(api: TestClient, hotline: Hotline, left: list[Ticket]) -> None:
    answer = asks(api, hotline, "export", number="+86 138 0000 1234")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    voice, fax = left
    assert {name for name in archive.namelist() if name.endswith((".wav", ".pdf", ".tif", ".png"))} == {
        f"files/{voice.number}/{voice.item}.wav", "files/calls/5.5.wav", *(f"files/{fax.number}/{fax.item}.{end}" for end in ("pdf", "tif", "png")),
    }  # fmt: skip
    assert archive.read(f"files/{voice.number}/{voice.item}.wav")[:4] == archive.read("files/calls/5.5.wav")[:4] == b"RIFF"
    told = json.loads(archive.read("person.json"))
    assert [one["ticket"]["number"] for one in told["tickets"]] == [voice.number, fax.number]
    text = json.dumps(told, ensure_ascii=False)
    assert WORDS in text and NOTE in text and CALLER in text and OTHER not in text
    assert told["calls"]["calls"][0]["linkedid"] == "5.5"
    assert "secret_sha256" not in text and "wrapped_key" not in text


def test_erased_is_gone_from_rows_files_and_the_disk_and_the_chain_stands(api: TestClient, hotline: Hotline, left: list[Ticket]) -> None:
    voice, fax = left
    vault = Vault(hotline.home, hotline.store.database)
    before = asks(api, hotline, "erasure").json()
    assert before["dry_run"] and before["tickets"] == [voice.number, fax.number] and (before["calls"], before["recordings"]) == (1, 1)
    assert CALLER.encode() in raw_bytes(hotline)
    copy = (hotline.home / str(voice.audio_path)).read_bytes()
    person = vault.persons.find(CALLER)
    assert person

    done = asks(api, hotline, "erasure", dry_run=False)
    assert done.status_code == 200 and [one["ticket"] for one in done.json()["tickets"]] == [voice.id, fax.id]
    assert voice.audio_sha256 in done.json()["tickets"][0]["sha256"]
    for secret in (CALLER, WORDS, NOTE, "张三"):
        assert secret.encode() not in raw_bytes(hotline), secret
    assert OTHER.encode() in raw_bytes(hotline), "somebody else's is still there"
    assert list((hotline.home / "recordings").rglob("*.wav")) == [] and list((hotline.home / "documents").rglob("*.*")) == []
    (hotline.home / "copy.wav").write_bytes(copy)
    with pytest.raises(LookupError, match="was destroyed"):
        vault.open(hotline.home / "copy.wav")  # a copy of the file elsewhere is noise
    assert vault.persons.find(CALLER) is None
    with hotline.store.database.reads() as session:
        verdict = chain.verify(session)
        assert verdict.broken is None and verdict.why == ""
        assert deletions.verify(session, vault.persons.master()) == ""
        [line] = deletions.lines(session)
        assert (line.why, line.report["person"], line.report["calls"]["recordings"]) == ("erasure", person, 1)
    listed = api.get("/api/persons/deletions", headers=hotline.headers("administrator")).json()
    assert (listed["items"][0]["why"], listed["broken"]) == ("erasure", "")
    assert api.get("/api/persons/deletions", headers=hotline.headers("supervisor")).status_code == 403
    shown = api.get(f"/api/tickets/{voice.number}", headers=hotline.headers("administrator")).json()
    assert (shown["caller"], shown["caller_name"], shown["transcript"], shown["audio"], shown["stage"]) == ("", "", None, None, "filed")
    assert shown["history"][-1]["event"] == "erased" and shown["history"][-1]["detail"]["parts"] == ["documents", "hand_overs", "identity", "recordings", "words"]
    for delivery in hotline.store.outbox.of_ticket(voice.id):
        assert json.loads(delivery.body)["erased"] is True
    assert asks(api, hotline, "erasure", dry_run=False).json()["tickets"] == [], "a second time there is nothing left"


@pytest.mark.parametrize(("channel", "sender", "who"), [("email", "li@example.org", "Li@Example.org"), ("wechat", "wx:ouyang", "wechat:wx:ouyang")])
def test_who_wrote_without_a_number_is_found_by_the_channels_name(api: TestClient, hotline: Hotline, channel: str, sender: str, who: str) -> None:
    taken = Intake(hotline.store).take(Report(channel, "m1", sender, f"人民路12号路灯坏了，{WORDS}", sender_name="李四")).ticket
    other = Intake(hotline.store).take(Report(channel, "m2", f"x{sender}", "人民路12号路灯坏了")).ticket
    assert taken and other
    with hotline.store.database.writes() as session:
        session.get_one(Ticket, taken.id).stage = "filed"
    archive = zipfile.ZipFile(io.BytesIO(asks(api, hotline, "export", number=who).content))
    assert [one["ticket"]["number"] for one in json.loads(archive.read("person.json"))["tickets"]] == [taken.number]
    done = asks(api, hotline, "erasure", number=who, dry_run=False)
    assert done.status_code == 200 and [one["ticket"] for one in done.json()["tickets"]] == [taken.id], done.text
    for secret in (f'"{sender}"', WORDS, "李四"):
        assert secret.encode() not in raw_bytes(hotline), secret
    assert hotline.store.ticket(other.number).transcript
    assert asks(api, hotline, "erasure", number=who).json()["tickets"] == []


def test_by_time_a_number_leaves_the_records_of_calls_and_the_logs_they_were_made_of(hotline: Hotline, left: list[Ticket]) -> None:
    old = hotline.home / "asterisk" / "log" / "queue_log.3"
    old.parent.mkdir(parents=True)
    old.write_text(CALLER)
    os.utime(old, (1e9, 1e9))
    settings, before = Settings.load({"HOTLINE_HOME": str(hotline.home)}), datetime.fromtimestamp(1.5e9, UTC)
    assert retention._forget_callers(settings, hotline.store, before, True) == 1 and old.exists(), "a look first"
    assert retention._forget_callers(settings, hotline.store, before, False) == 1 and not old.exists()
    assert calls(hotline.store.database, Wanted(linkedid="5.5"), 1)[0].caller == ""


def test_a_changed_line_of_the_deletions_is_found(api: TestClient, hotline: Hotline, left: list[Ticket]) -> None:
    asks(api, hotline, "erasure", dry_run=False)
    known = Vault(hotline.home, hotline.store.database).persons.master()
    with hotline.store.database.writes() as session:
        [line] = deletions.lines(session)
        line.report = {**line.report, "tickets": []}
    with hotline.store.database.reads() as session:
        assert "was changed" in deletions.verify(session, known)
    with hotline.store.database.writes() as session:  # by somebody who has the database and not the key
        [line] = deletions.lines(session)
        line.hash = deletions._link("0" * 64, line.at, line.why, line.actor, line.report)
    with hotline.store.database.reads() as session:
        assert "not signed" in deletions.verify(session, known)


def test_who_is_still_worked_for_is_not_erased_unless_that_is_wanted(api: TestClient, hotline: Hotline, left: list[Ticket]) -> None:
    open_one = hotline.store.open_draft("8.8", "help", "12345", CALLER, "12345", "1001")
    answer = asks(api, hotline, "erasure", dry_run=False)
    assert (answer.status_code, answer.json()["open"]) == (409, [open_one.number])
    assert WORDS.encode() in raw_bytes(hotline)
    assert asks(api, hotline, "erasure", dry_run=False, open_too=True).status_code == 200
    assert CALLER.encode() not in raw_bytes(hotline)


def test_only_administrators_and_only_for_a_reason(api: TestClient, hotline: Hotline, left: list[Ticket]) -> None:
    for what in ("export", "erasure"):
        for role in ("agent", "supervisor", "integration"):
            assert asks(api, hotline, what, role).status_code == 403
        bare = {"Authorization": hotline.headers("administrator")["Authorization"]}
        assert api.post(f"/api/persons/{what}", headers=bare, json={"number": CALLER}).status_code == 403
    assert asks(api, hotline, "erasure", number="'; DROP").status_code == 422
    assert asks(api, hotline, "erasure", number="12345", dry_run=False).status_code == 422, "everybody called it"
    assert asks(api, hotline, "erasure", forever=True).status_code == 422
    asks(api, hotline, "export")
    lines = [(line.action, line.outcome, line.target) for line in audit.lines(hotline.store.database) if line.action.startswith("person.")]
    assert lines == [("person.export", "done", "138****1234"), ("person.look", "refused", "138****1234"), ("person.export", "refused", "138****1234")]


def test_the_commands(hotline: Hotline, left: list[Ticket], tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(build(), ["persons", *words], env={"HOTLINE_HOME": str(hotline.home)})
        return done.exit_code, done.output

    target = tmp_path / "person.zip"
    code, said = run("export", CALLER, str(target))
    assert code == 1 and "--reason WHY" in said and not target.exists()
    code, said = run("export", CALLER, str(target), "--reason", "asked by letter")
    assert code == 0 and target.stat().st_mode & 0o777 == 0o600 and "person.json" in zipfile.ZipFile(target).namelist(), said
    assert run("export", CALLER, str(target), "--reason", "again")[0] == 1, "nothing is overwritten"
    code, said = run("erase", CALLER, "--reason", "asked by letter", "--dry-run")
    assert code == 0 and json.loads(said)["tickets"] == [ticket.number for ticket in left]
    code, said = run("erase", CALLER, "--reason", "asked by letter")
    assert code == 0 and not json.loads(said)["dry_run"] and CALLER.encode() not in raw_bytes(hotline), said
