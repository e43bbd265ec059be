"""The life of a ticket: the table of moves walked at random, and the stories that matter."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ivr.organisations import Organisation
from tickets.case import Cases, Said, Who
from tickets.case_tables import Note
from tickets.chain import verify
from tickets.deadlines import Rules
from tickets.models import Ticket
from tickets.moves import (
    CLOSED,
    HANDLERS,
    MACHINE,
    MOVES,
    RATINGS,
    STAFF,
    STAGES,
    CaseRefused,
    Standing,
    after,
    allowed,
)
from tickets.spool import Item
from tickets.store import Audio, Store

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RULES = Rules(organisations={"city": Organisation("city", "市政府", 1), "water": Organisation("water", "水务局", 2, "city")})
WANG = Who("agent", "agent wang")
CHIEF = Who("supervisor", "token chief")
EVERY = {"reason": "不属于", "way": "请拨 110", "reply": "已修好", "organisation": "water", "rating": "satisfied"}
ROLES = sorted(STAFF | HANDLERS | {MACHINE})


class Clock:
    def __init__(self) -> None:
        self.moment = MONDAY

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cases(store: Store, clock: Clock) -> Cases:
    return Cases(store.database, lambda: RULES, clock)


@pytest.fixture
def message(store: Store) -> Ticket:
    """A message whose recording ended a minute ago."""
    ended = (MONDAY - timedelta(minutes=1)).isoformat()
    item = Item(item="M", kind="voicemail", caller="13800001234", type="complaint", opened_at=ended, closed_at=ended)
    return store.adopt(item, Audio("recordings/m.wav", "0" * 64, 3.0))


def wanted(name: str) -> Said:
    said: dict[str, Any] = {what: EVERY[what] for what in MOVES[name].wants}
    return Said(**said)


def walk(cases: Cases, number: str, *names: str) -> Ticket:
    for name in names:
        ticket = cases.move(number, name, WANG if WANG.role in MOVES[name].who else CHIEF, wanted(name))
    return ticket


def test_the_eight_links_one_after_the_other(store: Store, cases: Cases, message: Ticket) -> None:
    filed = walk(
        cases, message.number, "accept", "dispatch", "take_up", "supervise", "take_up", "reply", "complete", "revisit", "rate", "file"
    )  # fmt: skip
    assert (filed.stage, filed.organisation, filed.level, filed.rating) == ("filed", "water", 2, "satisfied")
    moved = [line for line in store.history(ticket_id=message.id) if line.event == "moved"]
    assert [line.detail["to"] for line in moved][:3] == ["to_dispatch", "dispatched", "handling"]
    assert {line.at for line in moved} == {MONDAY}
    assert moved[0].actor == "agent wang"


@pytest.mark.parametrize(("moves", "stage"), [(("refuse",), "not_accepted"), (("answer",), "answered_at_once"), (("accept", "refuse"), "not_accepted")])
def test_what_is_not_handled_is_closed(cases: Cases, message: Ticket, moves: tuple[str, ...], stage: str) -> None:
    closed = walk(cases, message.number, *moves)
    assert closed.stage == stage in CLOSED
    assert closed.due_at is None


def test_a_second_return_is_refused_and_changes_nothing(store: Store, cases: Cases, message: Ticket) -> None:
    walk(cases, message.number, "accept", "dispatch", "return", "dispatch")
    before = store.last_event(), store.ticket(message.number).updated_at
    with pytest.raises(CaseRefused, match="no second return") as refused:
        walk(cases, message.number, "return")
    assert refused.value.status == 409
    assert refused.value.allowed == ("take_up",)
    assert (store.last_event(), store.ticket(message.number).updated_at) == before
    assert store.ticket(message.number).final


def test_extensions_are_counted_and_come_to_an_end(cases: Cases, message: Ticket) -> None:
    once = walk(cases, message.number, "accept", "dispatch", "take_up", "extend")
    assert once.due_at == datetime(2026, 12, 7, 16, 0, tzinfo=UTC)  # five working days after Monday, and five more
    walk(cases, message.number, "extend")
    with pytest.raises(CaseRefused, match="extended 2 times"):
        walk(cases, message.number, "extend")


def test_a_citizen_who_is_not_satisfied_has_it_reopened(cases: Cases, message: Ticket) -> None:
    walk(cases, message.number, "accept", "dispatch", "take_up", "reply", "complete", "revisit")
    again = walk(cases, message.number, "reopen")
    assert (again.stage, again.reopened, again.organisation) == ("dispatched", 1, "water")
    assert again.due_at == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


REFUSED = [
    (WANG, "supervise", Said("拖延"), 403, "the role agent may not supervise"),
    (Who("integration", "token x"), "accept", Said(), 403, "may not accept"),
    (WANG, "fly", Said(), 422, "no such move: fly"),
    (WANG, "refuse", Said("诉讼"), 422, "refuse needs way"),
    (WANG, "complete", Said(), 409, r"a ticket that is pending \(待受理\) cannot complete"),
    (WANG, "accept", Said(organisation="water"), 422, "accept takes no organisation"),
    (WANG, "refuse", Said("x\x1b[2J", "y"), 422, "control characters"),
    (WANG, "refuse", Said("长" * 4001, "y"), 422, "at most 4000"),
]
UNKNOWN = [Said(organisation="gas"), Said(organisation="water", helpers=("gas",)), Said(organisation="water", helpers=("water",))]


def test_what_is_refused(store: Store, cases: Cases, message: Ticket) -> None:
    last = store.last_event()
    for who, name, said, status, why in REFUSED:
        with pytest.raises(CaseRefused, match=why) as refused:
            cases.move(message.number, name, who, said)
        assert refused.value.status == status
    assert store.last_event() == last
    assert store.ticket(message.number).stage == "pending"


def test_only_known_organisations_and_each_once(cases: Cases, message: Ticket) -> None:
    walk(cases, message.number, "accept")
    for said in UNKNOWN:
        with pytest.raises(CaseRefused, match="organisation"):
            cases.move(message.number, "dispatch", WANG, said)


def test_a_request_that_is_repeated_is_carried_out_once(store: Store, cases: Cases, message: Ticket) -> None:
    cases.move(message.number, "accept", WANG, key="k1")
    last = store.last_event()
    assert cases.move(message.number, "accept", WANG, key="k1").stage == "to_dispatch"
    assert store.last_event() == last
    with pytest.raises(CaseRefused, match="another request"):
        cases.move(message.number, "dispatch", WANG, Said(organisation="water"), key="k1")
    with pytest.raises(CaseRefused, match="cannot accept"):  # somebody else's key is another one
        cases.move(message.number, "accept", CHIEF, key="k1")


def test_what_was_said_is_not_in_the_chain_and_can_be_erased(store: Store, cases: Cases, message: Ticket) -> None:
    walk(cases, message.number, "refuse")
    lines = store.history(ticket_id=message.id)
    assert "110" not in str([line.detail for line in lines])
    with store.database.writes() as session:
        for note in session.query(Note):
            note.text = note.salt = None
    with store.database.reads() as session:
        assert verify(session).broken is None


class Life(RuleBasedStateMachine):
    """Any sequence of moves by anybody: what the table allows happens and is one line, everything else changes nothing."""

    @initialize()
    def a_ticket(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        shutil.copyfile(TEMPLATE[0], self.home / "db")
        self.store = Store(f"sqlite:///{self.home / 'db'}")
        self.cases = Cases(self.store.database, lambda: RULES, Clock())
        self.number = self.store.adopt(Item(item="M", kind="voicemail"), Audio("x.wav", "0" * 64, 1.0)).number
        self.believed = Standing()

    @rule(name=st.sampled_from([*MOVES, "nonsense"]), role=st.sampled_from(ROLES), leave_out=st.sampled_from(["", *EVERY]))
    def somebody_moves(self, name: str, role: str, leave_out: str) -> None:
        wants = MOVES[name].wants if name in MOVES else ()
        said: dict[str, Any] = {what: EVERY[what] for what in wants if what != leave_out}
        possible, last = allowed(self.believed, role, 2), self.store.last_event()
        try:
            ticket = self.cases.move(self.number, name, Who(role, role), Said(**said))
        except CaseRefused as refused:
            assert refused.allowed == possible
            assert name not in possible or set(wants) - set(said)
            assert self.store.last_event() == last
        else:
            assert name in possible and set(wants) == set(said)
            assert self.store.last_event() == last + 1
            self.believed = after(self.believed, name, role, said, 2)
            assert ticket.stage == self.believed.stage == MOVES[name].ends[self.store.history(after=last)[0].detail["from"]]

    @rule()
    def it_is_looked_at(self) -> None:
        kept = self.store.ticket(self.number)
        assert (kept.stage, kept.returns, kept.final, kept.extensions) == (
            self.believed.stage, self.believed.returns, self.believed.final, self.believed.extensions
        )  # fmt: skip

    @invariant()
    def limits_hold(self) -> None:
        if hasattr(self, "believed"):
            assert self.believed.returns <= 1
            assert self.believed.extensions <= 2
            assert self.believed.stage in STAGES

    def teardown(self) -> None:
        if hasattr(self, "store"):
            with self.store.database.reads() as session:
                assert verify(session).broken is None
            self.store.close()
            shutil.rmtree(self.home)


TEMPLATE: list[Path] = []


@pytest.fixture(autouse=True)
def _template(sqlite_template: Path) -> None:
    TEMPLATE[:] = [sqlite_template]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_stage_is_reached_and_left() -> None:
    ends = {stage for move in MOVES.values() for stage in move.ends.values()}
    begins = {stage for move in MOVES.values() for stage in move.ends}
    assert ends | {"pending"} == set(STAGES)
    assert begins | {"filed"} == set(STAGES)
    assert set(RATINGS) >= {"satisfied", "dissatisfied"}


def test_nothing_but_supervision_is_skipped() -> None:
    """Without acceptance, dispatch, handling and a reply nothing is completed, whatever else is done."""
    for link in ("accept", "dispatch", "take_up", "reply", "complete", "revisit", "rate"):
        reached, left = set(), {"pending"}
        while left:
            stage = left.pop()
            reached.add(stage)
            for name, move in MOVES.items():
                if name not in (link, "answer", "refuse", "hand_over") and stage in move.ends and move.ends[stage] not in reached:
                    left.add(move.ends[stage])
        assert "filed" not in reached, link


def test_the_guide_has_the_whole_table() -> None:
    """docs/tickets.md: every move, from where to where."""
    guide = (Path(__file__).parents[2] / "docs/tickets.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in guide.splitlines() if line.startswith("| `")]
    told: dict[str, dict[str, str]] = {}
    for row in rows:
        if len(row) == 5 and (name := row[0].split("`")[1]) in MOVES:
            assert MOVES[name].label in row[0]
            told.setdefault(name, {}).update(dict.fromkeys(row[1].replace("`", "").split(", "), row[2].strip("`")))
    assert told == {name: dict(move.ends) for name, move in MOVES.items()}
