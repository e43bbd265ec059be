"""Fills an empty register with tickets as a city has them: a year of matters, each with words, a place and its moves.

In bulk, past the store, but with everything that reading looks at: the same rows, the words' index, the chain of history.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, insert, select, text

from tickets.chain import BEGINNING, link
from tickets.database import Database
from tickets.fulltext import indexed
from tickets.fulltext_tables import TicketWords
from tickets.fulltext_tables import made as made_index
from tickets.item import CROCKFORD
from tickets.models import TYPES, Counter, History, Ticket
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
SEEDED = 20261122


def fill(database: Database, count: int, end: datetime) -> None:
    """`count` tickets of the year before `end`, oldest first."""
    dice, days = random.Random(SEEDED), dict[str, int]()
    with database.writes() as session:
        if not database.is_sqlite:  # made anew at the end, which is faster than growing it
            session.execute(text("DROP INDEX fts_ticket_words"))
    previous = BEGINNING
    for begin in range(0, count, BATCH):
        size = min(BATCH, count - begin)
        with database.writes() as session:
            made = [_matter(dice, end - timedelta(days=DAYS) * (1 - (begin + at) / count), days) for at in range(size)]
            session.execute(insert(Ticket.__table__), made)
            words = [{"ticket_id": row["id"], "words": indexed(row["number"], [row["transcript"]], [row["caller_name"]])} for row in made]
            session.execute(insert(TicketWords.__table__), words)
            lines = []
            for line in (line for row in made for line in _lines(dice, row)):
                previous = link(previous, line["ticket_id"], line["at"], line["event"], line["actor"], line["detail"])
                lines.append(line | {"hash": previous})
            session.execute(insert(History.__table__), lines)
    with database.writes() as session:
        session.execute(insert(Counter), [{"day": day, "last": last} for day, last in days.items()])
        if not database.is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            session.execute(text(made_index("ticket_words", "postgresql")[0]))
        session.execute(text("ANALYZE"))  # PostgreSQL does it by itself, some time after


def held(database: Database) -> int:
    with database.reads() as session:
        return session.execute(select(func.count()).select_from(Ticket)).scalar_one()


def _matter(dice: random.Random, at: datetime, days: dict[str, int]) -> dict[str, Any]:
    day = at.astimezone(SHANGHAI).strftime("%Y%m%d")
    days[day] = days.get(day, 0) + 1
    stage = dice.choice(STAGES)
    said = RARE if dice.random() < 0.0001 else dice.choices(list(SAID), list(SAID.values()))[0]
    place = f"{dice.choice(ROADS)}{dice.randrange(1, 400)}号{dice.choice(HOMES)}{dice.randrange(1, 30)}号楼"
    row = _empty() | {
        "id": _id(at, dice), "number": f"{day}-{days[day]:06d}", "channel": dice.choices(("voice", "voicemail", "fax"), (80, 17, 3))[0],
        "type": dice.choice(tuple(TYPES)), "path": "12345-1", "status": "handed_over" if stage == "filed" else "open",
        "caller": f"13{dice.randrange(10**8, 10**9)}", "linkedid": f"h-{at.timestamp():.3f}.{dice.randrange(10**6)}", "category": dice.choice(CATEGORIES),
        "began_at": at, "ended_at": at, "created_at": at, "updated_at": at, "transcript_state": "done",
        "transcript": f"{place}{said}，请尽快处理", "stage": stage, "stage_at": at, "urgency": "ordinary", "organisation": dice.choice(ORGANISATIONS), "level": 2,
        "rating": dice.choice(("satisfied", "satisfied", "fair", "dissatisfied")) if stage in ("filed", "rated") else "", "due_told": "unwatched",
    }  # fmt: skip
    if "place" in row:
        row["place"] = place
    return row


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
