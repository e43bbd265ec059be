"""/api/alarms and /metrics over the file that telephony writes."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from ivr.alarming import Limits
from queues import alarm_file
from queues.alarms import Board, QueueNow, Reading
from tests.web.conftest import Hotline

KEY = "nobody:complaints"


def raised(hotline: Hotline, at: float) -> None:
    board = Board()
    for seconds in (60, 0):
        board.look(Reading(at - seconds, (QueueNow("complaints", 0),)), Limits())
    alarm_file.write(alarm_file.where(hotline.home), board, at)


def test_alarms_that_are_on_are_told_to_everybody_on_the_floor(api: TestClient, hotline: Hotline) -> None:
    now = time.time()
    raised(hotline, now)
    page = api.get("/api/alarms", headers=hotline.headers("agent")).json()
    assert page["stale"] is False
    (alarm,) = page["items"]
    assert (alarm["key"], alarm["kind"], alarm["subject"], alarm["acknowledged_by"]) == (KEY, "nobody", "complaints", "")
    assert "无人在岗" in alarm["title"]
    assert alarm["since"].endswith("Z")


def test_nobody_watching_is_not_the_same_as_nothing_wrong(api: TestClient, hotline: Hotline) -> None:
    assert api.get("/api/alarms", headers=hotline.headers("agent")).json() == {"items": [], "next": None, "written_at": None, "stale": True}
    assert "hotline_alarms_stale 1.0" in api.get("/metrics").text
    raised(hotline, time.time() - 60)
    assert api.get("/api/alarms", headers=hotline.headers("agent")).json()["stale"] is True


def test_metrics_show_which_are_on(api: TestClient, hotline: Hotline) -> None:
    raised(hotline, time.time())
    assert 'hotline_alarm{acknowledged="no",kind="nobody",subject="complaints"} 1.0' in api.get("/metrics").text


def test_acknowledging_needs_telephony_and_a_token(api: TestClient, hotline: Hotline) -> None:
    assert api.post(f"/api/alarms/{KEY}/acknowledge").status_code == 401
    answer = api.post(f"/api/alarms/{KEY}/acknowledge", headers=hotline.headers("supervisor"))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
