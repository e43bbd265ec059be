"""What programs of the city see of the hotline, and what they are refused."""

from __future__ import annotations

import json
import wave
from io import BytesIO

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.web.conftest import CALLER, Hotline
from tickets import wire
from tickets.spool import Item, Spool
from tickets.store import Audio, Document
from web.views import TicketView


def test_tickets_are_listed_newest_first_page_by_page(api: TestClient, hotline: Hotline) -> None:
    made = [hotline.store.adopt(Item(item=f"I{n}", kind="fax"), document=Document(0)).number for n in range(5)]
    headers, seen, cursor = hotline.headers("integration"), [], ""
    while True:
        page = api.get(f"/api/tickets?limit=2{cursor}", headers=headers).json()
        seen += [ticket["number"] for ticket in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == made
    assert len(seen) == 5


def test_a_ticket_is_found_by_its_number_and_its_id_with_its_history(api: TestClient, hotline: Hotline) -> None:
    ticket = hotline.leave("voicemail")
    by_number, by_id = (api.get(f"/api/tickets/{key}", headers=hotline.headers("agent")).json() for key in (ticket.number, ticket.id))
    assert by_number == by_id
    assert (by_number["type_name"], by_number["path"], by_number["transcript_state"]) == ("投诉", "12345-1", "pending")
    assert [line["event"] for line in by_number["history"]] == ["message_received"]
    assert by_number["began_at"].endswith("+08:00")


def test_filters_narrow_the_list(api: TestClient, hotline: Hotline) -> None:
    hotline.leave("voicemail")
    hotline.leave("fax")
    get = lambda query: len(api.get(f"/api/tickets?{query}", headers=hotline.headers("agent")).json()["items"])  # noqa: E731
    assert [get(q) for q in ("", "channel=fax", "linkedid=1.1", "status=draft", "type=complaint&transcript_state=pending")] == [2, 1, 2, 0, 1]


def test_the_recording_can_be_heard_in_part_and_in_full(api: TestClient, hotline: Hotline) -> None:
    url = api.get(f"/api/tickets/{hotline.leave('voicemail').number}", headers=hotline.headers("agent")).json()["audio"]["url"]
    answer = api.get(url, headers=hotline.headers("agent"))
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(BytesIO(answer.content)) as sound:
        assert sound.getnframes() == 8000
    assert api.get(url, headers=hotline.headers("agent") | {"Range": "bytes=0-3"}).content == b"RIFF"


def test_the_fax_is_a_pdf_and_its_preview_a_picture(api: TestClient, hotline: Hotline) -> None:
    ticket = hotline.leave("fax")
    document = api.get(f"/api/tickets/{ticket.number}/document", headers=hotline.headers("agent"))
    assert (document.headers["content-type"], document.content[:5]) == ("application/pdf", b"%PDF-")
    preview = api.get(f"/api/tickets/{ticket.number}/preview", headers=hotline.headers("agent"))
    assert Image.open(BytesIO(preview.content)).format == "PNG"


@pytest.mark.parametrize("part", ["document", "preview", "audio"])
def test_attachments_are_never_shown_as_pages_of_ours(api: TestClient, hotline: Hotline, part: str) -> None:
    ticket = hotline.leave("voicemail" if part == "audio" else "fax")
    headers = api.get(f"/api/tickets/{ticket.number}/{part}", headers=hotline.headers("agent")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("attachment")
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("role", "shown", "name"), [
    ("agent", "138****1234", "王**"), ("supervisor", CALLER, "王<b>"), ("administrator", CALLER, "王<b>"), ("integration", CALLER, "王<b>"),
])  # fmt: skip
def test_a_callers_number_is_masked_unless_the_role_needs_it(api: TestClient, hotline: Hotline, role: str, shown: str, name: str) -> None:
    hotline.leave("voicemail")
    [ticket] = api.get("/api/tickets", headers=hotline.headers(role)).json()["items"]
    assert (ticket["caller"], ticket["caller_name"]) == (shown, name)


@pytest.mark.usefixtures("busy_floor")
def test_the_floor_is_shown_and_masked_in_its_depths(api: TestClient, hotline: Hotline) -> None:
    for path in ("calls", "agents", "queues", "calls?past=true"):
        for role, number in (("agent", "138****1234"), ("supervisor", CALLER)):
            page = api.get(f"/api/{path}", headers=hotline.headers(role)).json()
            assert page["next"] is None
            assert page["stale"] is False
            assert len(page["items"]) == 1
            assert (number in str(page["items"])) == (path != "agents")
            assert role != "agent" or CALLER not in str(page)


def test_before_telephony_has_run_the_floor_is_empty_and_says_so(api: TestClient, hotline: Hotline) -> None:
    assert api.get("/api/calls", headers=hotline.headers("agent")).json() == {"items": [], "next": None, "written_at": None, "stale": True}


@pytest.mark.parametrize("path", ["/api/tickets", "/api/tickets/1", "/api/tickets/1/audio", "/api/calls", "/api/agents", "/api/queues", "/api/events", "/api/deliveries"])
@pytest.mark.parametrize("token", [None, "Bearer hl_wrong", "Basic YTpi", "Bearer", "Bearer \xff"])
def test_without_a_valid_token_nothing_is_told(api: TestClient, path: str, token: str | None) -> None:
    answer = api.get(path, headers={"Authorization": token.encode("latin-1")} if token else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_is_refused(api: TestClient, hotline: Hotline) -> None:
    for token in hotline.store.tokens.all():
        hotline.store.tokens.revoke(token.id)
    assert api.get("/api/tickets", headers=hotline.headers("agent")).status_code == 401


@pytest.mark.parametrize("role", ["agent", "integration"])
def test_dead_letters_are_for_those_who_mind_them(api: TestClient, hotline: Hotline, role: str) -> None:
    answer = api.get("/api/deliveries", headers=hotline.headers(role))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_a_dead_letter_is_seen_and_sent_again(api: TestClient, hotline: Hotline) -> None:
    ticket = hotline.store.adopt(Item(item="F", kind="fax"), document=Document(0))
    delivery = hotline.store.outbox.of_ticket(ticket.id)[0].id
    hotline.store.outbox.refused(delivery, "422 what is this", 422)
    headers = hotline.headers("supervisor")
    [dead] = api.get("/api/deliveries", headers=headers).json()["items"]
    assert (dead["id"], dead["last_error"]) == (delivery, "422 what is this")
    assert api.post(f"/api/deliveries/{delivery}/replay", headers=headers).json()["state"] == "waiting"
    assert api.post(f"/api/deliveries/{delivery}/replay", headers=headers).status_code == 404
    assert len(api.get("/api/deliveries?state=waiting", headers=headers).json()["items"]) == 1


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("GET", "/api/tickets/20260101-000001", 404), ("GET", "/api/tickets/..%2f..%2fetc", 404),
    ("POST", "/api/tickets", 405), ("DELETE", "/health", 405),
    ("GET", "/api/tickets?limit=0", 422), ("GET", "/api/tickets?limit=x", 422), ("GET", "/api/tickets?cursor=';--", 422),
    ("GET", "/api/tickets?status=king", 422), ("GET", "/api/tickets?linkedid=" + "x" * 500, 422),
])  # fmt: skip
def test_every_error_is_a_problem_that_says_what_and_where(api: TestClient, hotline: Hotline, method: str, path: str, status: int) -> None:
    answer = api.request(method, path, headers=hotline.headers("administrator"))
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert problem["status"] == status
    assert problem["detail"]
    if status == 405:
        assert answer.headers["allow"]
    if status == 422:
        assert problem["errors"][0]["where"].startswith("query.")


def test_a_file_that_is_not_there_is_a_problem_not_a_crash(api: TestClient, hotline: Hotline) -> None:
    gone = hotline.store.adopt(Item(item="A", kind="voicemail"), Audio("recordings/gone.wav", "", 1.0))
    above, elsewhere = (hotline.store.adopt(Item(item=f"B{n}", kind="voicemail"), Audio(path, "", 1.0))
                        for n, path in enumerate(("../secret", "/etc/passwd")))  # fmt: skip
    (hotline.home.parent / "secret").write_text("not for the API")
    none = hotline.store.adopt(Item(item="C", kind="fax"), document=Document(0))
    for ticket in (gone, above, elsewhere, none):
        assert api.get(f"/api/tickets/{ticket.number}/audio", headers=hotline.headers("agent")).status_code == 404


def test_recordings_may_lie_on_another_disk(api: TestClient, hotline: Hotline) -> None:
    ticket = hotline.leave("voicemail")
    larger = hotline.home.parent / f"{hotline.home.name}-larger-disk"
    (hotline.home / "recordings").rename(larger)
    (hotline.home / "recordings").symlink_to(larger)
    assert api.get(f"/api/tickets/{ticket.number}/audio", headers=hotline.headers("agent")).status_code == 200


def test_a_fault_of_ours_tells_nothing_of_our_insides(api: TestClient, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hotline.store, "tickets", lambda *_, **__: 1 / 0)
    answer = api.get("/api/tickets", headers=hotline.headers("agent"))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "division" not in answer.text


def test_without_the_database_the_api_says_so_and_health_still_answers(api: TestClient, hotline: Hotline) -> None:
    with hotline.store.database.writes() as session:
        session.connection().exec_driver_sql("ALTER TABLE tickets RENAME TO elsewhere")
    assert api.get("/api/tickets", headers=hotline.headers("agent")).status_code == 503
    health = api.get("/health")
    assert health.status_code == 200, "callers are answered without it"
    assert "the database does not answer" in health.text
    assert "hotline_database_up 0.0" in api.get("/metrics").text


def test_health_gives_the_reasons_why_calls_cannot_be_taken(api: TestClient, hotline: Hotline) -> None:
    assert (api.get("/health").status_code, api.get("/health").json()["status"]) == (200, "ok")
    hotline.reasons.append("Asterisk does not run")
    answer = api.get("/health")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["Asterisk does not run"])


def test_a_full_disk_and_dead_letters_are_alarms(hotline: Hotline) -> None:
    from web.app import create_app

    delivery = hotline.store.outbox.of_ticket(hotline.store.adopt(Item(item="F", kind="fax"), document=Document(0)).id)[0]
    hotline.store.outbox.refused(delivery.id, "no", 400)
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], minimum_free_mb=1 << 40)
    with TestClient(app) as api:
        health, metrics = api.get("/health"), api.get("/metrics").text
    assert health.status_code == 200, "a person is still reached"
    assert "disk full" in health.json()["warnings"][0]
    assert "1 tickets were refused" in health.json()["warnings"][1]
    assert "hotline_spool_full 1.0" in metrics
    assert "hotline_dead_letters 1.0" in metrics
    assert "hotline_tickets_overdue 0.0" in metrics


def test_messages_that_wait_too_long_are_warned_of(hotline: Hotline) -> None:
    from web.app import create_app

    spool = Spool(hotline.home / "spool")
    spool.prepare()
    folder = spool.new / "LATE"
    folder.mkdir()
    late = {"schema": 1, "item": "LATE", "kind": "voicemail", "opened_at": "2026-01-01T00:00:00+00:00", "closed_at": "2026-01-01T00:01:00+00:00"}
    (folder / "item.json").write_text(json.dumps(late))
    (folder / "audio.wav").touch()
    app = create_app(hotline.store, home=hotline.home, reasons=lambda: [], concerns=lambda: ["the worker is away"])
    with TestClient(app) as api:
        health = api.get("/health")
    assert health.status_code == 200
    assert health.json()["warnings"][0] == "the worker is away"
    assert health.json()["warnings"][1].startswith("1 messages or faxes have waited in the spool")


@pytest.mark.usefixtures("busy_floor")
def test_metrics_count_and_hold_nobodys_number(api: TestClient, hotline: Hotline) -> None:
    hotline.leave("voicemail")
    text = api.get("/metrics").text
    assert "hotline_tickets_total 1.0" in text
    assert "hotline_transcripts_pending 1.0" in text
    assert 'hotline_queue_waiting{queue="complaints"} 1.0' in text
    assert CALLER not in text


def test_the_description_of_the_api_names_every_field_of_a_ticket(api: TestClient, hotline: Hotline) -> None:
    """That it names every route: tests/test_contract.py."""
    assert "/api/tickets" in api.get("/openapi.json").json()["paths"]
    written = wire.ticket(hotline.leave("fax"), show_caller=True)
    assert set(written) == set(TicketView.model_fields)
