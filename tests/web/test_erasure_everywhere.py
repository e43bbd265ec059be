"""After an erasure no file of the hotline says the person's number, name or words, in whichever table, log or gap of a page they stood."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from queues import recording_rows, recordings
from queues.actor import Actor
from queues.call_record import CallKind, CallRecord
from queues.callback_tables import MissedRow, NuisanceRow, PlaceRow
from queues.events import Events
from queues.record_store import store as store_records
from queues.recordings import Keeping
from tests.web.conftest import CALLER, Hotline
from tickets import erasure, scrubbing
from tickets.attachments import Attachments, File
from tickets.case import Cases, Who
from tickets.case_edits import Edits
from tickets.intake import Intake
from tickets.intake_rules import Report
from tickets.life import now
from tickets.models import Ticket
from tickets.notice_tables import Notice
from tickets.revisit_tables import Revisit
from tickets.transcriber import Transcript
from tickets.vault import Vault
from web.persons import PersonDesk

NAME, RARE, OTHER = "欧阳鹤鸣", "qqzzxjkv", "13900005678"
WORDS = f"我是{NAME}，{RARE}，路灯坏了，打{CALLER}找我"
BY = Actor("administrator", name="chen")
SECRETS = (CALLER, NAME, RARE, "路灯坏了", "wx-ouyang")


@pytest.fixture(autouse=True)
def everything(hotline: Hotline) -> Iterator[None]:
    """Of one person, whatever a hotline keeps; of others, much in between."""
    voice = hotline.leave("voicemail")
    hotline.store.record_transcript(voice.id, Transcript(WORDS, WORDS, "play", "none", findings={"fields": {"persons": [{"value": NAME, "words": NAME}]}}))
    Edits(Cases(hotline.store.database)).add_note(voice.number, Who("agent", "li"), f"打过电话给{NAME}")
    _others(hotline, 300)
    hotline.leave("fax")
    taken = Intake(hotline.store).take(Report("wechat", "wx-ouyang-1", "wx-ouyang", WORDS, phone=CALLER, sender_name=NAME, place="人民路12号")).ticket
    assert taken
    Attachments(hotline.store.database, Vault(hotline.home, hotline.store.database)).keep(taken, "wechat wx-ouyang-1 0", File(f"{NAME}.txt", WORDS.encode()), now())
    Intake(hotline.store).take(Report("sms", "sms-1", CALLER, "进度", phone=CALLER))  # becomes no ticket, and is answered
    _visited(hotline, voice)
    _handed_over(hotline, voice)
    _called(hotline)
    _logged(hotline.home)
    with hotline.store.database.writes() as session:
        session.execute(text("UPDATE tickets SET stage = 'filed'"))
    _others(hotline, 300)
    yield


def _others(hotline: Hotline, count: int) -> None:
    """Rows of all lengths, some changed again: pages are parted and joined around those of the person."""
    with hotline.store.database.writes() as session:
        first = session.query(Ticket).first()
        assert first
        chance = random.Random(session.query(Ticket).count())
        names = [column.name for column in Ticket.__table__.columns]
        row = {name: getattr(first, name) for name in names}
        session.execute(insert(Ticket), [
            row | {"id": f"{chance.getrandbits(80):026d}", "number": f"x{chance.getrandbits(60)}", "item": None, "caller": OTHER, "caller_name": "", "linkedid": "",
                   "transcript": "噪音" * chance.randrange(1, 300), "transcript_raw": None, "audio_path": None, "person": None, "findings": None}
            for _ in range(count)
        ])  # fmt: skip
        session.execute(text("UPDATE tickets SET transcript_raw = transcript WHERE caller = :other AND id LIKE '%3'"), {"other": OTHER})


def _visited(hotline: Hotline, ticket: Ticket) -> None:
    """A return visit whose citizen left a message."""
    path = hotline.home / "recordings" / "2026" / "revisit.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    (hotline.home / "plain").write_bytes(WORDS.encode())
    Vault(hotline.home, hotline.store.database).store(hotline.home / "plain", path, CALLER)
    (hotline.home / "plain").unlink()
    with hotline.store.database.writes() as session:
        session.add(Revisit(
            id="01JD00000000000000000000R1", ticket_id=ticket.id, round=0, state="done", tries=1, made_at=now(), changed_at=now(), reason="", in_time=None, solved="no",
            satisfied="dissatisfied", settled=True, audio_path="recordings/2026/revisit.wav", audio_seconds=2.0, words_state="done", words_attempts=1,
        ))  # fmt: skip


def _handed_over(hotline: Hotline, ticket: Ticket) -> None:
    """A dead letter of the ticket, and a call without one."""
    outbox = hotline.store.outbox
    with hotline.store.database.writes() as session:
        dead = outbox.put(session, "ticket.updated", ticket.number, {"ticket": {"caller": CALLER, "transcript": WORDS}}, ticket.id)
        dead.state, dead.last_error = "dead", f"refused: {NAME}"
        outbox.put(session, "newCall", "7.7", {"call": {"caller": CALLER}})
        session.add(Notice(
            id="01JD00000000000000000000N1", step="answer sms wx-ouyang-9", ticket_id=ticket.id, kind="answer", by="sms", channel="sms", address=CALLER, subject="", text=WORDS,
            in_reply_to="", state="refused", attempts=1, created_at=now(),
        ))  # fmt: skip


def _called(hotline: Hotline) -> None:
    """A recorded conversation, a call nobody answered, a nuisance, somebody who gave up."""
    call = CallRecord("5.5", CallKind.INBOUND, CALLER, "12345", 1e9, ended_at=1e9 + 9, ended_by="caller", type="complaint")
    store_records(hotline.store.database, [call, CallRecord("7.7", CallKind.INBOUND, f"0{CALLER}", "12345", 1e9, ended_at=1e9 + 9, ended_by="caller")])
    raw = recordings.raw_folder(hotline.home) / "5.5.raw"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(bytes(4 * recordings.RATE))
    recording_rows.keep(hotline.store.database, recordings.store(hotline.home, raw, call, Keeping(), now(), Vault(hotline.home, hotline.store.database).writing))
    raw.unlink()
    with hotline.store.database.writes() as session:
        session.add(NuisanceRow(number=CALLER, at=now(), by="li", what=f"{NAME}骂人", linkedid="5.5"))
        session.add(MissedRow(number=CALLER, queue="q", path="", type="", called="", times=1, first_at=now(), last_at=now(), waited_seconds=9))
        session.merge(PlaceRow(id=1, place={}, known={"callers": {"8.8": [CALLER, "", "", ""], "9.9": [OTHER, "", "", ""]}, "places": {}}))


def _logged(home: Path) -> None:
    """As Asterisk and telephony write."""
    logs = home / "asterisk" / "log" / "cel-custom"
    logs.mkdir(parents=True)
    (logs / "cel.csv").write_text(f'"CHAN_START","1.5","5.5","5.5","PJSIP/trunk-1","in","{CALLER}"\n')
    (logs.parent / "queue_log").write_text(f"1|NONE|NONE|NONE|QUEUESTART|\n2|5.5|general|NONE|HOTLINE|5.5|12345-1|complaint|{CALLER}|12345\n")
    (logs.parent / "queue_log.0").write_text(f"1|5.4|general|NONE|ENTERQUEUE||{CALLER}\n")
    events = Events(home)
    events.say("call", {"linkedid": "5.5", "caller": CALLER})
    events.say("caption", {"linkedid": "5.5", "text": WORDS})
    events.say("call", {"linkedid": "6.6", "caller": OTHER})
    events.close()
    (home / "run" / "state.json").write_text(json.dumps({"recent": [{"linkedid": "5.5", "caller": CALLER}]}))
    (home / "run" / "queue_log.bookmark").write_text(json.dumps({"ledger": {"callers": {"5.5": {"caller": CALLER}}}}))


def traces(home: Path) -> dict[str, set[str]]:
    """Which file says which of it, byte by byte."""
    found = {str(path.relative_to(home)): {secret for secret in SECRETS if secret.encode() in path.read_bytes()} for path in home.rglob("*") if path.is_file()}
    return {name: secrets for name, secrets in found.items() if secrets}


def erase(hotline: Hotline) -> dict[str, Any]:
    return PersonDesk(hotline.store, Vault(hotline.home, hotline.store.database)).erase(BY, f"+86 {CALLER}", f"asked by {CALLER}")


def test_no_file_says_anything_of_them_any_more(hotline: Hotline) -> None:
    places = {name.split("/")[-1].split(".")[0] for name in traces(hotline.home)}
    assert {"hotline", "queue_log", "cel", "state"} <= places, "there was something to be found"
    report = erase(hotline)
    assert len(report["tickets"]) == 3 and report["scrubbed"] is True
    assert traces(hotline.home) == {}
    assert OTHER in (hotline.home / "hotline.sqlite3").read_bytes().decode("utf-8", "replace"), "others stand where they stood"
    assert [path.name for path in (hotline.home / "recordings").rglob("*.wav")] == []
    assert erase(hotline)["tickets"] == []


@pytest.mark.parametrize("without", ["_merge", "log"])
def test_each_step_of_scrubbing_is_needed(hotline: Hotline, without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left where the index is not merged, or the log not cut: so that nobody takes one of them for ceremony."""
    if without == "_merge":
        monkeypatch.setattr(scrubbing, "_merge", lambda cursor: None)
    else:
        monkeypatch.setattr(erasure, "scrub", lambda database, anew: True)
    erase(hotline)
    assert traces(hotline.home)


def test_gaps_of_pages_keep_what_was_overwritten_until_the_file_is_written_anew(hotline: Hotline) -> None:
    """Rows that grow move to other pages; `secure_delete` zeroes what is freed, and not what was left behind by a move."""
    database, chance = hotline.store.database, random.Random(1)
    with database.writes() as session:
        session.execute(text("CREATE TABLE moved (id TEXT PRIMARY KEY, caller TEXT, at TEXT, words TEXT, person TEXT)"))
        session.execute(text("CREATE INDEX moved_caller ON moved (caller, at)"))
        for count in range(6000):
            mine = chance.random() < 0.02
            row = [f"{chance.getrandbits(64):026d}", "19912345678" if mine else f"139{chance.randrange(10**8):08d}", str(count), ("鹤唳" if mine else "噪音") * chance.randrange(1, 60)]
            session.connection().exec_driver_sql("INSERT INTO moved VALUES (?, ?, ?, ?, '')", tuple(row))
            if count % 3 == 0:
                session.connection().exec_driver_sql("UPDATE moved SET words = words || ? WHERE rowid = ?", ("x" * chance.randrange(300), chance.randrange(1, count + 2)))
        session.execute(text("UPDATE moved SET caller = '', words = '' WHERE caller = '19912345678'"))

    def left() -> bool:
        return any(secret.encode() in path.read_bytes() for path in hotline.home.glob("hotline.sqlite3*") for secret in ("19912345678", "鹤唳"))

    assert scrubbing.scrub(database)
    if not left():
        pytest.skip("this SQLite leaves nothing in gaps")
    assert scrubbing.scrub(database, anew=True) and not left()


def test_somebody_who_reads_all_the_time_is_said(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.database.BUSY_SECONDS", 1)
    hotline.store.database.engine.dispose()  # connections that wait for a second only
    reader = hotline.store.database.engine.connect()
    reader.execute(text("SELECT count(*) FROM tickets")).fetchone()
    try:
        assert erase(hotline)["scrubbed"] is False
    finally:
        reader.close()
    assert scrubbing.scrub(hotline.store.database, anew=True) and traces(hotline.home) == {}
