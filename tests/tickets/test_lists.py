"""Whatever is asked for, a list is the newest that fit, all of them, page by page: held against looking at every row."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tickets import lists
from tickets.database import MIGRATIONS, _alembic
from tickets.fulltext_tables import TicketWords
from tickets.life import begin
from tickets.models import Ticket
from tickets.revisit_tables import Revisit  # noqa: F401 - a table of the register
from tickets.store import Store
from tickets.words import NothingToFind

STAGES, CHANNELS, UNITS = ("pending", "handling", "filed"), ("voice", "fax"), ("", "water-company", "水务")
SAID = ("停水三天", "广场舞噪音", "停水又噪音", "路灯坏了", "积水很深")
COUNT = 60


def fill(store: Store) -> list[Ticket]:
    """The last word is said early on only, as in a season; newest first."""
    dice = random.Random(12345)
    with store.database.writes() as session:
        for at in range(COUNT):
            ticket = begin(session, dice.choice(CHANNELS), "open")
            ticket.stage, ticket.organisation, ticket.linkedid = dice.choice(STAGES), dice.choice(UNITS), f"h-{at // 3}"
            ticket.title = SAID[4] if 5 < at < 25 else dice.choice(SAID[:4])
            ticket.created_at += timedelta(seconds=at)
            session.add(ticket)
            session.flush()
        return list(session.scalars(select(Ticket).join(TicketWords).order_by(TicketWords.id.desc())))


def questions() -> Iterator[tuple[str | None, dict[str, str]]]:
    stages, channels, units, calls = (("stage", STAGES), ("channel", CHANNELS), ("organisation", UNITS), ("linkedid", ("h-3", "h-99")))
    for chosen in itertools.product(*([None, *((name, value) for value in values)] for name, values in (stages, channels, units, calls))):
        yield from ((query, dict(filter(None, chosen))) for query in (None, "停水", "积水", "停水 噪音"))


def fits(ticket: Ticket, query: str | None, equal: Mapping[str, str]) -> bool:
    return all(word in ticket.title for word in (query or "").split()) and all(getattr(ticket, name) == value for name, value in equal.items())


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that sixty tickets are many."""
    for name, value in (("NEAR", 7), ("FEW", 12), ("FAR", 9)):
        monkeypatch.setattr(lists, name, value)


def test_pages_are_whole_and_right_whatever_is_asked(store: Store, short_looks: None) -> None:
    every = fill(store)
    asked = list(questions())
    for query, equal in random.Random(1).sample(asked, 150) + [(None, {}), ("积水", {}), ("积水", {"stage": "filed", "channel": "fax"})]:
        wanted = [ticket.number for ticket in every if fits(ticket, query, equal)]
        for limit in (4, COUNT):
            found, before = list[str](), None
            while rows := (store.tickets(limit, before, **equal) if query is None else store.search(query, limit, before, **equal)):
                found += [row.number for row in rows]
                before = rows[-1].id
                assert len(rows) == limit or found == wanted[-len(found) :], "a page that is not full is the last"
            assert found == wanted, (query, equal, limit)


def test_a_ticket_that_moves_is_found_where_it_is_now(store: Store) -> None:
    newest = fill(store)[0]
    with store.database.writes() as session:
        session.get_one(Ticket, newest.id).organisation = "a'\"§ b"
        session.get_one(Ticket, newest.id).stage = "rated"
    assert [row.id for row in store.tickets(organisation="a'\"§ b", stage="rated")] == [newest.id]
    assert newest.id not in [row.id for row in store.tickets(COUNT, organisation=newest.organisation, stage=newest.stage)]
    assert store.tickets(before="0" * 26, organisation="x", stage="rated") == ()
    with pytest.raises(NothingToFind):
        store.search("§", stage="rated")


def test_a_register_from_before_is_found_by_filters_after_the_upgrade(store: Store) -> None:
    from alembic import command  # noqa: PLC0415

    every, database = fill(store), store.database
    with database.engine.connect().execution_options(writes=True) as connection, connection.begin():
        config = _alembic(connection, MIGRATIONS)
        command.downgrade(config, "0022")
        if database.is_sqlite:
            connection.execute(text("UPDATE ticket_words SET words = rtrim(substr(words, 1, instr(words, '§') - 1))"))
        else:
            words = "(SELECT array_agg(lexeme) FROM unnest(words) WHERE lexeme LIKE '§%')"
            connection.execute(text(f"UPDATE ticket_words SET words = ts_delete(words, {words})"))  # noqa: S608 - ours
    assert not store.tickets(stage="filed", organisation="水务") and store.search("停水")
    database.migrate()
    wanted = [ticket.id for ticket in every if fits(ticket, "停水", {"stage": "filed", "organisation": "水务"})]
    assert wanted and [row.id for row in store.search("停水", stage="filed", organisation="水务")] == wanted
    with database.writes() as session:
        session.get_one(Ticket, wanted[0]).stage = "rated"
        assert session.execute(select(func.count()).select_from(TicketWords)).scalar_one() == COUNT
    assert [row.id for row in store.search("停水", stage="filed", organisation="水务")] == wanted[1:]
