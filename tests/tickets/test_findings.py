"""What was found in a message stands on its ticket, on both databases, and is masked for who may not see it."""

from __future__ import annotations

import json

from alembic import command
from sqlalchemy import Connection, inspect, text

from hotline.settings import DIALPLANS
from speech.text.review import Evidence
from speech.text.understanding import Understanding
from tests.tickets.test_store import AUDIO, ITEM
from tickets import findings, wire
from tickets.database import MIGRATIONS, Database, _alembic
from tickets.models import Ticket
from tickets.store import Store
from tickets.transcriber import Transcript

RAW = "你好，我叫王建国，冬营七文会接到着火了，我的电话是幺三八幺二三四五六七八，物业电话幺三八幺二三四"


def _columns(connection: Connection) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns("tickets")}


def heard() -> Transcript:
    told = Understanding.of_city(DIALPLANS / "12345").understand(RAW, Evidence(-0.2, "average log probability", 9.0))
    return Transcript(
        told.text, told.raw, "faster-whisper", "whisper-base", -0.2, "average log probability",
        needs_review=told.needs_review, findings=told.as_json(),
    )  # fmt: skip


def recorded(store: Store) -> Ticket:
    ticket = store.adopt(ITEM, AUDIO)
    return store.record_transcript(ticket.id, heard())


def test_a_ticket_keeps_the_raw_words_the_changes_and_what_was_found(store: Store) -> None:
    ticket = store.ticket(recorded(store).number)
    assert ticket.transcript_raw == RAW
    assert ticket.needs_review
    written = wire.ticket(ticket, show_caller=True)
    assert written["findings"]["reasons"] == ["phone"]
    assert [change["after"] for change in written["findings"]["changes"]] == ["东营区", "文汇街道"]
    assert written["findings"]["fields"]["phones"][0]["value"] == "13812345678"
    assert written["transcript_raw"] == RAW


def test_words_of_an_emergency_are_an_event_of_their_own_before_the_text_is(store: Store) -> None:
    recorded(store)
    told = [(line.event, line.detail) for line in store.history()]
    assert ("emergency_words", {"kinds": ["fire"]}) in told
    assert [event for event, _ in told].index("emergency_words") < [event for event, _ in told].index("transcribed")


def test_who_may_not_see_callers_sees_neither_numbers_nor_names(store: Store) -> None:
    shown = json.dumps(wire.ticket(recorded(store), show_caller=False), ensure_ascii=False)
    for secret in ("13812345678", "幺三八", "王建国\"", ITEM.caller):
        assert secret not in shown
    assert "138****5678" in shown
    assert "东营区文汇街道" in shown


def test_a_terminal_shows_a_line_for_each(store: Store) -> None:
    lines = list(findings.lines(recorded(store).findings))
    assert "places: 东营区文汇街道" in lines
    assert "EMERGENCY fire: 着火" in lines
    assert "冬营七 → 东营区 (alike)" in lines
    assert "review because of: phone" in lines
    assert not any("13812345678" in line for line in lines)
    assert list(findings.lines(None)) == []


def test_short_numbers_are_hidden_too() -> None:
    assert findings.masked_text("电话8381234，住320号，身份证11010519491231002X") == "电话8****34，住320号，身份证110****002X"


def test_a_ticket_without_findings_is_shown_as_before(store: Store) -> None:
    written = wire.ticket(store.adopt(ITEM, AUDIO), show_caller=False)
    assert (written["needs_review"], written["findings"], written["transcript"]) == (False, None, None)


def test_a_register_of_the_first_form_is_brought_up_to_date(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
            command.upgrade(_alembic(connection, MIGRATIONS), "0001")
            columns = _columns(connection)
        assert "findings" not in columns
        database.migrate()
        with database.engine.connect() as connection:
            assert {"findings", "needs_review"} <= _columns(connection)
            assert connection.execute(text("SELECT count(*) FROM tickets WHERE needs_review")).scalar_one() == 0
    finally:
        database.close()
