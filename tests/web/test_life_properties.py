"""Whatever anybody asks of a ticket over the API, in whatever order: it moves as the table says, or nothing has happened but a line of the audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ivr.organisations import Organisation
from queues import audit
from tests.web.conftest import Hotline
from tickets import chain
from tickets.deadlines import Rules
from tickets.moves import CLOSED, MOVES, RATINGS, STAGES
from web.app import create_app

RULES = Rules(organisations={"city": Organisation("city", "市政府", 1), "water": Organisation("water", "水务公司", 2, "city")})
ROLES = st.sampled_from(["agent", "supervisor", "administrator", "integration"])
HOSTILE = ["' OR 1=1; DROP TABLE tickets; --", "<script>alert(1)</script>", "a\r\nSet-Cookie: x=1", "\x00", "\x1b[2J", "\u202e", "😀" * 30, "x" * 5000, "../../etc/passwd", "${jndi:ldap://x}", "=1+1", ""]
WORDS = st.sampled_from(["已核实", *HOSTILE])
SAID = st.fixed_dictionaries(
    {}, optional={"reason": WORDS, "way": WORDS, "reply": WORDS, "organisation": st.sampled_from(["water", "city", "nobody", HOSTILE[0]]), "rating": st.sampled_from([*RATINGS, "9"])}
)  # fmt: skip
REASONABLE = {"reason": "已核实", "way": "法院", "reply": "已修好", "organisation": "water", "rating": "fair"}
STEPS = st.lists(st.tuples(ROLES, st.sampled_from([*MOVES, "explode"]), st.one_of(st.none(), SAID)), min_size=1, max_size=10)
PROPERTY = settings(max_examples=6, phases=[Phase.generate], deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def api(hotline: Hotline) -> Iterator[TestClient]:
    with TestClient(create_app(hotline.store, home=hotline.home, reasons=lambda: [], rules=lambda: RULES), raise_server_exceptions=False) as client:
        yield client


def refusals(hotline: Hotline) -> int:
    return sum(line.outcome == audit.REFUSED for line in audit.lines(hotline.store.database, limit=500))


def test_any_moves_in_any_order(api: TestClient, hotline: Hotline) -> None:
    @PROPERTY
    @given(steps=STEPS)
    def lives(steps: list[tuple[str, str, dict[str, str] | None]]) -> None:
        number = hotline.leave("voicemail").number
        for role, move, said in steps:
            _step(api, hotline, number, role, move, said)

    lives()
    with hotline.store.database.reads() as session:
        assert chain.verify(session).broken is None


def _step(api: TestClient, hotline: Hotline, number: str, role: str, move: str, said: dict[str, str] | None) -> None:
    """`said` None: what the move wants, so that lives get far."""
    body = {name: text for name, text in REASONABLE.items() if move in MOVES and name in MOVES[move].wants} if said is None else said
    before, last, no = hotline.store.ticket(number), hotline.store.last_event(), refusals(hotline)
    allowed = [item["move"] for item in api.get(f"/api/tickets/{number}/moves", headers=hotline.headers(role)).json()["items"]]
    answer = api.post(f"/api/tickets/{number}/moves", json={"move": move, **body}, headers=hotline.headers(role))
    after = hotline.store.ticket(number)
    if answer.status_code == 200:
        assert move in allowed
        assert after.stage == MOVES[move].ends[before.stage] == answer.json()["stage"]
        assert (after.due_at is None) or after.stage not in CLOSED
        assert hotline.store.last_event() == last + 1
        return
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in (403, 409, 422)
    assert "errors" in problem or set(problem["allowed"]) == set(allowed)
    assert "errors" in problem or move not in allowed or answer.status_code == 422
    assert (hotline.store.last_event(), refusals(hotline)) == (last, no + 1)
    assert {name: value for name, value in vars(after).items() if name[0] != "_"} == {name: value for name, value in vars(before).items() if name[0] != "_"}


FIELDS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/moves", {"move": "?"}),
    ("POST", "/moves", {"move": "refuse", "reason": "?", "way": "?"}),
    ("POST", "/moves", {"move": "answer", "reply": "?"}),
    ("POST", "/moves", {"move": "accept", "organisation": "?"}),
    ("POST", "/moves", {"move": "accept", "helpers": ["?"]}),
    ("POST", "/moves", {"move": "accept", "?": "x"}),
    ("PUT", "/assignment", {"organisation": "?", "helpers": ["?"]}),
    ("PUT", "/transcript", {"text": "?"}),
    ("POST", "/notes", {"text": "?"}),
    *(("PATCH", "", {name: "?"}) for name in ("urgency", "category", "type", "confidential", "reply_wanted", "number", "?")),
]


def test_what_is_hostile_is_text_or_refused_in_every_field(api: TestClient, hotline: Hotline) -> None:
    number, headers = hotline.leave("voicemail").number, hotline.headers("supervisor")
    for text in HOSTILE:
        for method, path, body in FIELDS:
            sent = {name.replace("?", text or "-"): [text] if value == ["?"] else text if value == "?" else value for name, value in body.items()}
            last, no = hotline.store.last_event(), refusals(hotline)
            said = api.request(method, f"/api/tickets/{number}{path}", json=sent, headers=headers)
            assert said.status_code in (200, 409, 422), (method, path, text, said.text)
            if said.status_code == 200:
                assert path in ("/moves", "/transcript", "/notes", ""), (path, text)
                api.post(f"/api/tickets/{number}/moves", json={"move": "reopen", "reason": "x"}, headers=headers)
            else:
                assert (hotline.store.last_event(), refusals(hotline)) == (last, no + 1), (method, path, text)
            assert "Set-Cookie" not in said.headers
    assert hotline.store.ticket(number).stage in STAGES


def test_a_sort_a_filter_and_a_number_that_nobody_offered(api: TestClient, hotline: Hotline) -> None:
    hotline.leave("voicemail")
    headers = hotline.headers("supervisor")
    for text in filter(None, HOSTILE):
        for name in ("status", "channel", "stage", "transcript_state", "cursor", "limit", "organisation", "type"):
            said = api.get("/api/tickets", params={name: text}, headers=headers)
            assert said.status_code == 422 or said.json()["items"] == [], (name, text)
        assert api.get(f"/api/tickets/{quote(text, safe='')}", headers=headers).status_code in (404, 422), text


def test_a_body_that_is_too_long_is_not_read(api: TestClient, hotline: Hotline) -> None:
    """Nor one that says it has two gigabytes; what follows is answered as ever."""
    number, pieces = hotline.leave("voicemail").number, [b"x" * 65_536] * 40
    url, headers = f"/api/tickets/{number}/notes", hotline.headers("supervisor") | {"Content-Type": "application/json"}
    said = api.post(url, content=iter(pieces), headers=headers)  # in pieces: nothing says how long it is
    assert (said.status_code, said.headers["content-type"]) == (413, "application/problem+json")
    assert api.post(url, content=b"{}", headers=headers | {"Content-Length": "2147483648"}).status_code == 413
    assert api.post("/open311/v2/requests.json", content=b"a=1", headers={"Content-Length": "2147483648"}).status_code == 413
    assert api.post(url, json={"text": "好"}, headers=headers).status_code == 200
