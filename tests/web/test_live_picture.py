"""What a supervisor sees of queues: who waits for how long at which place, and how well callers are served."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queues import alarm_file
from queues.alarm_file import Rates
from queues.alarms import Rate
from tests.web.conftest import CALLER, Hotline


@pytest.mark.usefixtures("busy_floor")
def test_a_queue_tells_the_longest_wait_and_the_service_level_and_agents_see_no_numbers(api: TestClient, hotline: Hotline) -> None:
    (queue,) = api.get("/api/queues", headers=hotline.headers("agent")).json()["items"]
    assert (queue["service_level"], queue["offered"]) == (None, None), "nobody has counted"
    alarm_file.write_rates(alarm_file.rates_where(hotline.home), Rates(Rate(0.9, 10), {"complaints": Rate(0.75, 8)}))
    page = api.get("/api/queues", headers=hotline.headers("supervisor")).json()
    (queue,) = page["items"]
    assert (queue["service_level"], queue["offered"]) == (0.75, 8)
    (waiting,) = queue["waiting"]
    assert queue["longest_wait_seconds"] > 1_000_000
    assert (waiting["caller"], waiting["since"], waiting["place"], waiting["needs"], waiting["priority"]) == (CALLER, 1.0, 0, [], 0)
    (hidden,) = api.get("/api/queues", headers=hotline.headers("agent")).json()["items"][0]["waiting"]
    assert hidden["caller"] == "138****1234"
