"""Hearing a recording: by role, checked against its checksum, and always written down."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queues import audit, record_store, recording_rows, recordings
from queues.call_record import CallRecord
from queues.recordings import Keeping
from queues.storage import MIGRATIONS
from tests.queues.logs_of import whole
from tests.web.conftest import Hotline


@pytest.fixture
def call(hotline: Hotline, tmp_path: Path) -> CallRecord:
    """A call of agent-1001 with its recording."""
    hotline.store.database.migrate(MIGRATIONS)
    records = whole("simple", tmp_path / "logs").records
    record_store.store(hotline.store.database, list(records.values()))
    record = next(record for record in records.values() if record.caller == "13800000001")
    raw = recordings.raw_folder(hotline.home) / f"{record.linkedid}.raw"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(bytes(4 * recordings.RATE))
    recording_rows.keep(hotline.store.database, recordings.store(hotline.home, raw, record, Keeping(), datetime.now(UTC)))
    return record


def heard(hotline: Hotline) -> list[tuple[str, str, str]]:
    return [(line.action, line.role, line.outcome) for line in reversed(audit.lines(hotline.store.database))]


def test_supervisors_and_the_calls_agent_hear_it_and_it_is_written_down(api: TestClient, hotline: Hotline, call: CallRecord) -> None:
    (about,) = api.get(f"/api/records/{call.linkedid}", headers=hotline.headers("supervisor")).json()["recordings"]
    assert (about["seconds"], about["url"]) == (1.0, f"/api/records/{call.linkedid}/audio")
    answer = api.get(about["url"], headers=hotline.headers("supervisor"))
    assert (answer.status_code, answer.headers["content-type"], answer.content[:4]) == (200, "audio/wav", b"RIFF")
    own = {"Authorization": f"Bearer {hotline.store.tokens.create('agent', agent='agent-1001')[1]}", "X-Hotline-Reason": "my own call"}
    assert api.get(about["url"], headers=own).status_code == 200
    assert [line for line in heard(hotline) if line[0] == "recording.hear"] == [("recording.hear", "supervisor", "done"), ("recording.hear", "agent", "done")]
    assert api.get(about["url"], headers={"Authorization": own["Authorization"]}).status_code == 403, "no reason was stated"
    assert heard(hotline)[-1] == ("recording.hear", "agent", "refused")


def test_others_do_not_and_that_is_written_down_too(api: TestClient, hotline: Hotline, call: CallRecord) -> None:
    url = f"/api/records/{call.linkedid}/audio"
    other = {"Authorization": f"Bearer {hotline.store.tokens.create('agent', agent='li')[1]}"}
    assert api.get(url, headers=hotline.headers("integration")).status_code == 403
    assert api.get(url, headers=other).status_code == 404
    assert api.get(url).status_code == 401
    assert heard(hotline) == [("recording.hear", "integration", "refused"), ("recording.hear", "agent", "refused")]


def test_what_was_changed_since_is_not_given_out(api: TestClient, hotline: Hotline, call: CallRecord) -> None:
    (row,) = recording_rows.find(hotline.store.database, [call.linkedid])
    path = hotline.home / row.path
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    answer = api.get(f"/api/records/{call.linkedid}/audio", headers=hotline.headers("supervisor"))
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    path.unlink()
    assert api.get(f"/api/records/{call.linkedid}/audio", headers=hotline.headers("supervisor")).status_code == 404
    assert heard(hotline) == [("recording.hear", "supervisor", "failed")]
