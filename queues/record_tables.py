"""The tables of call records and of agents' time (queues/call_record.py says what each thing is). Times are Unix seconds."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from queues.tables import Base


class CallRow(Base):
    """One call; replaced whole whenever more is known of it."""

    __tablename__ = "call_records"
    linkedid: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str]
    caller: Mapped[str] = mapped_column(Text, index=True)
    called: Mapped[str]
    began_at: Mapped[float] = mapped_column(Float, index=True)
    answered_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    ended_by: Mapped[str]
    cause: Mapped[int] = mapped_column(Integer)
    path: Mapped[str]
    type: Mapped[str]
    outcome: Mapped[str]
    joined: Mapped[list[str]]


class SegmentRow(Base):
    """One stretch of a call."""

    __tablename__ = "call_segments"
    linkedid: Mapped[str] = mapped_column(ForeignKey("call_records.linkedid", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str]
    began_at: Mapped[float]
    ended_at: Mapped[float | None]
    queue: Mapped[str]
    agent: Mapped[str]
    phone: Mapped[str]
    how: Mapped[str]
    hold_seconds: Mapped[float]
    wrapup_seconds: Mapped[float]
    detail: Mapped[str]
    __table_args__ = (Index("ix_call_segments_queue", "queue"), Index("ix_call_segments_agent", "agent"))


class SpellRow(Base):
    """A stretch of an agent's time: there, on a break, in after-call work."""

    __tablename__ = "agent_spells"
    agent: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    began_at: Mapped[float] = mapped_column(Float, primary_key=True)
    ended_at: Mapped[float | None]
    reason: Mapped[str]
