"""Deliveries carry events of tickets and calls, in an order of their own for each; bookmarks, nonces, days that were compared."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.models import UTCDateTime
from tickets.numbers import SHANGHAI

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ADDED = {"event": "ticket", "about": "", "day": "", "body_sha256": "", "reference": ""}
DELIVERIES = sa.table(
    "deliveries", sa.column("id", sa.Text), sa.column("ticket_id", sa.Text), sa.column("body", sa.Text), sa.column("created_at", UTCDateTime),
    sa.column("about", sa.Text), sa.column("day", sa.Text), sa.column("body_sha256", sa.Text), sa.column("sequence", sa.Integer),
)  # fmt: skip
TICKETS = sa.table("tickets", sa.column("id", sa.Text), sa.column("number", sa.Text))
BATCH = 500


def upgrade() -> None:
    for name, default in ADDED.items():
        op.add_column("deliveries", sa.Column(name, sa.Text, nullable=False, server_default=default))
    op.add_column("deliveries", sa.Column("sequence", sa.Integer, nullable=False, server_default="1"))
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("ticket_id", existing_type=sa.String(26), nullable=True)
    _number_what_is_there()
    op.create_index("ix_deliveries_about", "deliveries", ["about", "sequence"], unique=True)
    op.create_index("ix_deliveries_day", "deliveries", ["day", "about"])
    op.create_table("bookmarks", sa.Column("name", sa.Text, primary_key=True), sa.Column("place", sa.Integer, nullable=False))
    op.create_table("nonces", sa.Column("signature", sa.Text, primary_key=True), sa.Column("at", UTCDateTime, nullable=False))
    op.create_index("ix_nonces_at", "nonces", ["at"])
    op.create_table(
        "reconciliations",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("compared", sa.Integer, nullable=False),
        sa.Column("differences", sa.Integer, nullable=False),
        sa.Column("detail", JSON, nullable=False),
    )


def downgrade() -> None:
    for name in ("reconciliations", "nonces", "bookmarks"):
        op.drop_table(name)
    for name in ("about", "day"):
        op.drop_index(f"ix_deliveries_{name}", "deliveries")
    op.execute("DELETE FROM deliveries WHERE ticket_id IS NULL")
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("ticket_id", existing_type=sa.String(26), nullable=False)
        for name in (*ADDED, "sequence"):
            table.drop_column(name)


def _number_what_is_there() -> None:
    """A ticket may have several: a draft that was told twice, a message that was replayed."""
    connection, counted, last = op.get_bind(), dict[str, int](), ""
    wanted = sa.select(DELIVERIES, TICKETS.c.number).join(TICKETS, TICKETS.c.id == DELIVERIES.c.ticket_id).order_by(DELIVERIES.c.id).limit(BATCH)
    while rows := connection.execute(wanted.where(DELIVERIES.c.id > last)).all():
        for row in rows:
            counted[row.number] = counted.get(row.number, 0) + 1
            last = row.id
            change = sa.update(DELIVERIES).where(DELIVERIES.c.id == row.id)
            sha256 = hashlib.sha256(row.body.encode()).hexdigest()
            day = row.created_at.astimezone(SHANGHAI).date().isoformat()
            connection.execute(change.values(about=row.number, day=day, body_sha256=sha256, sequence=counted[row.number]))
