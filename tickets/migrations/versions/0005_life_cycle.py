"""A ticket's stage and deadlines, what people said in notes of their own, and history as a chain.

The lines so far are chained as they stand, but for what a case system answered: that may repeat what a citizen said, so
it is kept with the delivery only, where it is as well.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.chain import BEGINNING, link
from tickets.models import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
DEFAULTS: dict[str, tuple[Any, Any]] = {
    "stage": (sa.Text, "pending"),
    "urgency": (sa.Text, "ordinary"),
    "organisation": (sa.Text, ""),
    "helpers": (JSON, "[]"),
    "returns": (sa.Integer, "0"),
    "final": (sa.Boolean, sa.false()),
    "extensions": (sa.Integer, "0"),
    "reopened": (sa.Integer, "0"),
    "rating": (sa.Text, ""),
    "confidential": (sa.Boolean, sa.false()),
    "reply_wanted": (sa.Boolean, sa.true()),
    "due_told": (sa.Text, "unwatched"),
}
EMPTY = {
    "transcript_corrected": sa.Text,
    "level": sa.Integer,
    "accepted_at": UTCDateTime,
    "dispatched_at": UTCDateTime,
    "replied_at": UTCDateTime,
    "completed_at": UTCDateTime,
    "due_at": UTCDateTime,
    "warn_at": UTCDateTime,
}
HISTORY = sa.table(
    "history", sa.column("id", sa.Integer), sa.column("ticket_id", sa.Text), sa.column("at", UTCDateTime), sa.column("event", sa.Text),
    sa.column("actor", sa.Text), sa.column("detail", JSON), sa.column("hash", sa.Text),
)  # fmt: skip
BATCH = 1000


def upgrade() -> None:
    for name, (kind, default) in DEFAULTS.items():
        op.add_column("tickets", sa.Column(name, kind, nullable=False, server_default=default))
    for name, kind in EMPTY.items():
        op.add_column("tickets", sa.Column(name, kind))
    op.add_column("tickets", sa.Column("stage_at", UTCDateTime, nullable=False, server_default="1970-01-01 00:00:00"))
    # A ticket the case system has is with those who handle it; the others wait for a person. A conversation goes on.
    op.execute("UPDATE tickets SET stage = 'dispatched', dispatched_at = updated_at WHERE status = 'handed_over'")
    op.execute("UPDATE tickets SET due_told = '' WHERE status = 'draft'")
    op.execute("UPDATE tickets SET stage_at = updated_at")
    for name in ("stage", "due_at"):
        op.create_index(f"ix_tickets_{name}", "tickets", [name])
    op.create_table(
        "notes",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_notes_ticket_id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("salt", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
    )
    op.create_index("ix_notes_ticket_id", "notes", ["ticket_id"])
    op.create_table(
        "repeats",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
    )
    op.add_column("history", sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    _unlocked()
    _chain()
    _locked()


def downgrade() -> None:
    _unlocked()
    op.execute("ALTER TABLE history DROP COLUMN hash")
    _locked()
    op.drop_table("repeats")
    op.drop_table("notes")
    for name in ("stage", "due_at"):
        op.drop_index(f"ix_tickets_{name}", "tickets")
    for name in (*DEFAULTS, *EMPTY, "stage_at"):
        op.execute(f"ALTER TABLE tickets DROP COLUMN {name}")


def _chain() -> None:
    connection, previous, last = op.get_bind(), BEGINNING, 0
    while rows := connection.execute(sa.select(HISTORY).where(HISTORY.c.id > last).order_by(HISTORY.c.id).limit(BATCH)).all():
        for row in rows:
            detail = {name: value for name, value in row.detail.items() if not (row.event.startswith("hand") and name == "error")}
            previous, last = link(previous, row.ticket_id, row.at, row.event, row.actor, detail), row.id
            connection.execute(sa.update(HISTORY).where(HISTORY.c.id == last).values(hash=previous, detail=detail))


def _unlocked() -> None:
    """What forbids a change of history is taken off, in this transaction only."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE history DISABLE TRIGGER history_is_append_only")
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(f"DROP TRIGGER history_refuses_{change.lower()}")


def _locked() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE history ENABLE TRIGGER history_is_append_only")
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER history_refuses_{change.lower()} BEFORE {change} ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )
