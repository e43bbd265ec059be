"""The way to the database: handed in from above, because this room does not know who made it (ADR 0072).

Every function of tables takes a Database and is synchronous; `Rows` runs it in a thread, for the telephony process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy.orm import Session

MIGRATIONS = Path(__file__).parent / "migrations"

P = ParamSpec("P")
T = TypeVar("T")


class Database(Protocol):
    """SQLite or PostgreSQL; each way in is one transaction."""

    def reads(self) -> AbstractContextManager[Session]: ...

    def writes(self) -> AbstractContextManager[Session]: ...


class Rows:
    """`await rows.do(people.find, "li")` is `people.find(database, "li")` in a thread.

    The database is opened on the way and may be away: whatever opening it raises comes out here, and the next call
    tries again.
    """

    def __init__(self, opened: Callable[[], Awaitable[Database]]) -> None:
        self._opened = opened

    async def do(self, work: Callable[Concatenate[Database, P], T], *args: P.args, **named: P.kwargs) -> T:
        database = await self._opened()
        return await asyncio.to_thread(work, database, *args, **named)
