"""The tables of this room, in the tickets' database but with a chain of migrations of their own (ADR 0072).

The same on SQLite and PostgreSQL. Rows are handed out as detached copies: read them, do not change them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Dialect, Float, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION_TABLE = "alembic_version_queues"


class Moment(TypeDecorator[datetime]):
    """Times with a zone in, UTC in the database, UTC out: SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value}: a time without a zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        bool: Boolean,
        float: Float,
        datetime: Moment,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Person(Base):
    """Somebody who answers calls, or leads those who do; which phone is in front of them is another thing."""

    __tablename__ = "agents"
    login: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    work_number: Mapped[str] = mapped_column(unique=True)  # 工号; said to callers, dialled at a phone
    role: Mapped[str]
    pin: Mapped[str | None]  # scrypt; none: no log-in at a phone
    skills: Mapped[dict[str, Any]]  # name -> 1..9
    languages: Mapped[list[str]]
    dialects: Mapped[list[str]]
    level: Mapped[int] = mapped_column(Integer)
    wrapup_seconds: Mapped[int | None] = mapped_column(Integer)  # none: the queue's
    active: Mapped[bool]
    wrong_pins: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None]
    left_at: Mapped[datetime | None]  # since when they are logged out
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Shift(Base):
    """Where somebody is logged in and what they were doing, so that a restart knows it; logged out means no row."""

    __tablename__ = "agent_shifts"
    login: Mapped[str] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)  # one phone, one agent
    queues: Mapped[dict[str, Any]]  # name -> penalty
    state: Mapped[str]
    why: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]  # when after-call work ends, or a break should
    linkedid: Mapped[str]
    logged_in_at: Mapped[datetime]


class Audit(Base):
    """Who did, or was refused, what; the database itself refuses to change or delete a line."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    outcome: Mapped[str]  # done, refused, failed
    reason: Mapped[str]
    __table_args__ = ({"sqlite_autoincrement": True},)
