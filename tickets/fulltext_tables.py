"""The tables of the full text: one row a ticket or article, whose id grows with time, so that the newest are read first.

PostgreSQL keeps the tokens as a tsvector with a GIN index; SQLite as text, with an FTS5 table over it that triggers keep in
step. Both are called `fts_ticket_words` and made by the migration (`made`): no model knows either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, ForeignKey, Integer, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from tickets.models import Base


class Tokens(TypeDecorator[Sequence[str]]):
    """Tokens in; what comes out is the database's own form, which nobody needs."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = TSVECTOR() if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str:
        """Tokens are letters and figures only (tickets/words.py), so they need no more quoting than this."""
        found = value or ()
        if dialect.name == "postgresql":
            return " ".join(f"'{token}':{place}" for place, token in enumerate(found, 1))
        return " ".join(found)


class TicketWords(Base):
    """What a ticket is found by."""

    __tablename__ = "ticket_words"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), unique=True)
    words: Mapped[Sequence[str]] = mapped_column(Tokens)
    __table_args__ = ({"sqlite_autoincrement": True},)


def made(table: str, dialect: str) -> Sequence[str]:
    """The statements that give a table of words its index. `sqlite`: tokens are parted by blanks, and capitals are folded already."""
    index = f"fts_{table}"
    if dialect == "postgresql":
        return (f"CREATE INDEX {index} ON {table} USING gin (words)",)
    gone = f"INSERT INTO {index} ({index}, rowid, words) VALUES ('delete', old.id, old.words);"
    come = f"INSERT INTO {index} (rowid, words) VALUES (new.id, new.words);"
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5(words, content='{table}', content_rowid='id', tokenize='ascii')",
        f"CREATE TRIGGER {table}_come AFTER INSERT ON {table} BEGIN {come} END",
        f"CREATE TRIGGER {table}_gone AFTER DELETE ON {table} BEGIN {gone} END",
        f"CREATE TRIGGER {table}_other AFTER UPDATE OF words ON {table} BEGIN {gone} {come} END",
    )
