"""What a case system can ask of a day, and sending everything again from a point on."""

from __future__ import annotations

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from queues import audit
from tests.web.conftest import Hotline
from tickets.connectors import Delivered
from tickets.models import Delivery
from tickets.numbers import SHANGHAI
from tickets.reconciliation import hash_of


def taken(hotline: Hotline, count: int = 3) -> list[Delivery]:
    for number in range(count):
        with hotline.store.database.writes() as session:
            hotline.store.outbox.put(session, "ticket.updated", f"20261122-00000{number}", {})
    found = list(hotline.store.outbox.waiting())
    for delivery in found:
        hotline.store.outbox.delivered(delivery.id, Delivered(200))
    return found


def test_a_case_system_asks_what_it_took_of_a_day(api: TestClient, hotline: Hotline) -> None:
    rows, day = taken(hotline), datetime.now(SHANGHAI).date().isoformat()
    headers = hotline.headers("integration")
    page = api.get(f"/api/reconciliation?day={day}&limit=2", headers=headers).json()
    assert (page["day"], page["next"], len(page["items"])) == (day, page["items"][-1]["about"], 2)
    first = page["items"][0]
    assert first == {"about": rows[0].about, "deliveries": 1, "hash": hash_of([(rows[0].idempotency_key, rows[0].body_sha256)]), "waiting": 0, "dead": 0}
    rest = api.get(f"/api/reconciliation?day={day}&cursor={page['next']}", headers=headers).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)


@pytest.mark.parametrize("query", ["", "day=today", "day=2026-02-30", "day=2026-11-22&limit=0", "day=2026-11-22&limit=1001", "day=2026-11-22&cursor=" + "x" * 81])
def test_a_question_that_is_none(api: TestClient, hotline: Hotline, query: str) -> None:
    answer = api.get(f"/api/reconciliation?{query}", headers=hotline.headers("integration"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_who_may(api: TestClient, hotline: Hotline) -> None:
    for role, wanted in (("agent", 403), ("integration", 200), ("supervisor", 200)):
        assert api.get("/api/reconciliation?day=2026-11-22", headers=hotline.headers(role)).status_code == wanted
    for role, wanted in (("agent", 403), ("integration", 403), ("supervisor", 200)):
        assert api.post("/api/deliveries/replay", json={"since": "2026-11-22"}, headers=hotline.headers(role)).status_code == wanted


def test_everything_is_sent_again_from_a_point_on(api: TestClient, hotline: Hotline) -> None:
    rows, headers = taken(hotline), hotline.headers("supervisor")
    assert api.post("/api/deliveries/replay", json={"since": rows[0].id}, headers=headers).json() == {"sent": 3, "gone": 0}
    listed = api.get("/api/deliveries?state=waiting&limit=2", headers=headers).json()
    assert ([row["about"] for row in listed["items"]], listed["next"]) == ([row.about for row in rows[:2]], rows[1].id)
    assert len(api.get(f"/api/deliveries?state=waiting&cursor={listed['next']}", headers=headers).json()["items"]) == 1
    assert audit.lines(hotline.store.database)[0].action == "deliveries.replay"


@pytest.mark.parametrize("body", [{}, {"since": "when?"}, {"since": "2026-11-22", "all": True}, {"since": 5}, {"since": "x" * 41}])
def test_a_point_that_is_none_is_refused_with_a_line_of_the_audit(api: TestClient, hotline: Hotline, body: dict[str, object]) -> None:
    answer = api.post("/api/deliveries/replay", json=body, headers=hotline.headers("supervisor"))
    assert answer.status_code == 422
    assert audit.lines(hotline.store.database)[0].outcome == audit.REFUSED
