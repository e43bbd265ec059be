"""The register as a file, over the API: who may, what a file does, what is refused."""

from __future__ import annotations

import csv
import io

from starlette.testclient import TestClient

from queues import audit
from tests.web.conftest import CALLER, Hotline
from tickets.columns import COLUMNS
from tickets.sheet_files import MOST_BYTES, read

URL = "/api/exchange/tickets"
FILE = "办件编号,诉求内容,诉求人电话\nTA1,路灯不亮,13900005678\n".encode("gb18030")


def test_only_supervisors_and_administrators(api: TestClient, hotline: Hotline) -> None:
    for role, status in (("agent", 403), ("integration", 403), ("supervisor", 200), ("administrator", 200)):
        assert api.get(URL, headers=hotline.headers(role)).status_code == status
        assert api.post(URL, content=FILE, headers=hotline.headers(role)).status_code == status
    assert api.get(URL).status_code == 401


def test_a_file_out(api: TestClient, hotline: Hotline) -> None:
    number, headers = hotline.leave("voicemail").number, {"Authorization": hotline.headers("supervisor")["Authorization"]}
    masked = api.get(URL, headers=headers)
    assert (masked.headers["content-type"], masked.headers["content-disposition"]) == ("text/csv; charset=utf-8", 'attachment; filename="tickets.csv"')
    head, row = csv.reader(io.StringIO(masked.content.decode("utf-8-sig"), newline=""))
    assert (tuple(head), row[1], row[9], row[15]) == (COLUMNS, number, "138****1234", "待受理")
    assert audit.lines(hotline.store.database) == []
    full = api.get(URL, params={"format": "xlsx", "reason": "handed to the district"}, headers=headers)
    assert read(full.content)[1][9] == CALLER
    assert [(line.action, line.reason) for line in audit.lines(hotline.store.database)] == [("tickets.export", "names and numbers: handed to the district")]
    assert len(read(api.get(URL, params={"until": "2020-01-01T00:00:00Z"}, headers=headers).content)) == 1


def test_a_file_in_is_said_first(api: TestClient, hotline: Hotline) -> None:
    headers = hotline.headers("administrator")
    said = api.post(URL, content=FILE, headers=headers).json()
    assert (said["applied"], said["created"], hotline.store.count()) == (False, 1, 0)
    assert said["rows"][0] == {"row": 2, "number": "TA1", "outcome": "created", "ticket": said["rows"][0]["ticket"], "why": "", "changes": {}}
    done = api.post(URL, params={"apply": "true"}, content=FILE, headers=headers).json()
    ticket = api.get(f"/api/tickets/{done['rows'][0]['ticket']}", headers=headers).json()
    assert (done["applied"], ticket["transcript"], ticket["history"][0]["event"]) == (True, "路灯不亮", "imported")
    assert [(line.action, line.outcome) for line in audit.lines(hotline.store.database)][-1] == ("tickets.import", "done")


def test_what_is_no_file_of_tickets_is_a_problem_and_in_the_audit(api: TestClient, hotline: Hotline) -> None:
    headers = hotline.headers("supervisor")
    said = api.post(URL, content=b"a,b\n1,2\n", headers=headers)
    assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json")
    assert "办件编号" in said.json()["detail"]
    assert api.post(URL, content=bytes(MOST_BYTES + 1), headers=headers).status_code == 413
    assert [line.outcome for line in audit.lines(hotline.store.database)] == [audit.REFUSED] * 2
