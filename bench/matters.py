"""Fills an empty register with tickets as a city has them: a year of matters, each with words, a place and its moves.

In bulk, past the store, but with everything that reading looks at: the same rows, the words' index, the chain of history.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from tickets.chain import BEGINNING, link
from tickets.database import Database
from tickets.fulltext import indexed, kept
from tickets.fulltext_tables import TicketWords
from tickets.item import CROCKFORD
from tickets.models import TYPES, Base, Counter, History, Ticket
from tickets.numbers import SHANGHAI

BATCH = 5000
DAYS = 365
CATEGORIES = ("noise", "water", "roads", "property", "traffic", "heating", "waste", "schools", "health", "labour")
ORGANISATIONS = ("water-company", "traffic-police", "housing-bureau", "ecology-bureau", "market-bureau", "east-district", "heping-street")
STAGES = (*("filed",) * 90, *("rated",) * 3, *("handling",) * 3, "dispatched", "replied", "to_dispatch", "returned")
ROADS = ("和平路", "人民路", "长安街", "建设大街", "青年路", "胜利路", "解放路", "文化路", "东风路", "花园路")
HOMES = ("幸福小区", "阳光花园", "和平里", "锦绣家园", "翠湖苑", "金色家园", "书香门第", "滨河小区", "新世纪", "龙泉小区")
SAID = {  # how many of a hundred, and what they say
    "广场舞噪音太大，影响孩子睡觉": 5, "楼上装修从早上六点开始打钻": 12, "停水三天没有人通知": 1, "路灯坏了两个多星期": 14, "垃圾桶没有人清运，苍蝇很多": 14,
    "物业收费不透明，电梯经常坏": 18, "红绿灯时间太短，老人过不去": 12, "暖气一直不热，室内只有十四度": 10, "想咨询医保报销需要哪些材料": 14,
}  # fmt: skip
RARE = "蝙蝠飞进了配电室"  # one of ten thousand
SEASON, SEASONAL = 7, "下穿通道积水很深，车辆熄火"  # of one month, and of none since
SEEDED = 20261122


def fill(database: Database, count: int, end: datetime) -> None:
    """`count` tickets of the year before `end`, oldest first."""
    dice, days = random.Random(SEEDED), dict[str, int]()
    indexes = [] if database.is_sqlite else _taken_away(database)
    previous = BEGINNING
    for begin in range(0, count, BATCH):
        size = min(BATCH, count - begin)
        with database.writes() as session:
            # Of this connection, which is closed at the end: room for the indexes (KiB), and no look for each line's ticket.
            session.execute(text("PRAGMA cache_size = -400000" if database.is_sqlite else "SET LOCAL session_replication_role = replica"))
            made = [_matter(dice, end - timedelta(days=DAYS) * (1 - (begin + at) / count), days) for at in range(size)]
            _put(session, Ticket, made)
            _put(session, TicketWords, [{"ticket_id": row["id"], "words": [*indexed(row["number"], [row["place"], row["transcript"]], []), *kept(row)]} for row in made])
            lines = []
            for line in (line for row in made for line in _lines(dice, row)):
                previous = link(previous, line["ticket_id"], line["at"], line["event"], line["actor"], line["detail"])
                lines.append(line | {"hash": previous})
            _put(session, History, lines)
    with database.writes() as session:
        session.execute(insert(Counter), [{"day": day, "last": last} for day, last in days.items()])
    with database.writes() as session:
        for statement in ("SET LOCAL statement_timeout = 0", "SET LOCAL maintenance_work_mem = '512MB'", *indexes, "ANALYZE") if indexes else ():
            session.execute(text(statement))  # it would do the last one by itself, some time after
    database.engine.dispose()


def _taken_away(database: Database) -> list[str]:
    """PostgreSQL's indexes, to be made again at the end, which is faster than growing them."""
    kept = "SELECT conindid::regclass::text FROM pg_constraint WHERE conindid <> 0"
    wanted = f"SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename IN ('tickets', 'history', 'ticket_words') AND indexname NOT IN ({kept})"
    with database.writes() as session:
        found = session.execute(text(wanted)).all()
        for name, _ in found:
            session.execute(text(f'DROP INDEX "{name}"'))
        return [definition for _, definition in found]


def _put(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """As the driver takes them: the usual way spends most of its time on parameters."""
    connection, table = session.connection(), model.metadata.tables[model.__tablename__]
    names = list(rows[0])
    forms = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]
    values = [tuple(form(row[name]) if form and row[name] is not None else row[name] for name, form in zip(names, forms, strict=True)) for row in rows]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def held(database: Database) -> int:
    with database.reads() as session:
        return session.execute(select(func.count()).select_from(Ticket)).scalar_one()


def _matter(dice: random.Random, at: datetime, days: dict[str, int]) -> dict[str, Any]:
    day = at.astimezone(SHANGHAI).strftime("%Y%m%d")
    days[day] = days.get(day, 0) + 1
    stage = dice.choice(STAGES)
    said = SEASONAL if at.month == SEASON and dice.random() < 0.2 else RARE if dice.random() < 0.0001 else dice.choices(list(SAID), list(SAID.values()))[0]
    place = f"{dice.choice(ROADS)}{dice.randrange(1, 400)}号{dice.choice(HOMES)}{dice.randrange(1, 30)}号楼"
    return _empty() | {
        "id": _id(at, dice), "number": f"{day}-{days[day]:06d}", "channel": dice.choices(("voice", "voicemail", "fax"), (80, 17, 3))[0],
        "type": dice.choice(tuple(TYPES)), "path": "12345-1", "status": "handed_over" if stage == "filed" else "open",
        "caller": f"13{dice.randrange(10**8, 10**9)}", "linkedid": f"h-{at.timestamp():.3f}.{dice.randrange(10**6)}", "category": dice.choice(CATEGORIES),
        "began_at": at, "ended_at": at, "created_at": at, "updated_at": at, "transcript_state": "done",
        "place": place, "transcript": f"{said}，请尽快处理", "stage": stage, "stage_at": at, "urgency": "ordinary", "organisation": dice.choice(ORGANISATIONS), "level": 2,
        "rating": dice.choice(("satisfied", "satisfied", "fair", "dissatisfied")) if stage in ("filed", "rated") else "", "due_told": "unwatched",
    }  # fmt: skip


@functools.cache
def _empty() -> dict[str, Any]:
    """Every column, with nothing in it."""
    nothing: dict[type, Any] = {str: "", bool: False, int: 0, dict: {}, list: []}
    table: Table = Ticket.__table__  # type: ignore[assignment]
    found: dict[str, Any] = {}
    for column in table.columns:
        kind = list if column.name == "helpers" else getattr(column.type, "python_type", str)
        found[column.name] = None if column.nullable else nothing.get(kind, "")
    return found


def _lines(dice: random.Random, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for hours, detail in (
        (1, {"move": "dispatch", "from": "to_dispatch", "to": "dispatched", "role": "agent", "organisation": row["organisation"], "late": dice.random() < 0.02}),
        (40, {"move": "reply", "from": "handling", "to": "replied", "role": "agent", "late": dice.random() < 0.05}),
        (44, {"move": "complete", "from": "replied", "to": "completed", "role": "agent"}),
        (60, {"move": "rate", "from": "to_revisit", "to": "rated", "role": "hotline", "rating": row["rating"]}),
    ):
        if detail["move"] != "rate" or row["rating"]:
            yield {"ticket_id": row["id"], "at": row["created_at"] + timedelta(hours=hours), "event": "moved", "actor": "bench", "detail": detail}


def _id(at: datetime, dice: random.Random) -> str:
    number = (int(at.astimezone(UTC).timestamp() * 1000) << 80) | dice.getrandbits(80)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
