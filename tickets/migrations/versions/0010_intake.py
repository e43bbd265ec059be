"""Messages of every channel, what is still missing of some, and how their senders are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tickets.models import UTCDateTime

revision = "0010"
down_revision = "0008_open311"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("title", ""), ("place", "")):
        op.add_column("tickets", sa.Column(name, sa.Text, nullable=False, server_default=default))
    op.add_column("tickets", sa.Column("repeats", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("repeat_of", sa.Text))
    op.create_table(
        "arrivals",
        sa.Column("id", sa.String(26), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("channel", "message_id", "sender")),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.UniqueConstraint("channel", "message_id", name="uq_arrivals_message"),
    )
    op.create_index("ix_arrivals_sender", "arrivals", ["channel", "sender", "at"])
    op.create_index("ix_arrivals_ticket_id", "arrivals", ["ticket_id"])
    op.create_table(
        "begun",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("sender", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("text", "place", "name", "phone", "asked")),
        sa.Column("expires_at", UTCDateTime, nullable=False),
    )
    op.create_table(
        "contacts",
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id"), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("by", "channel", "address")),
    )
    op.create_index("ix_tickets_caller_created_at", "tickets", ["caller", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_tickets_caller_created_at", "tickets")
    for table in ("contacts", "begun", "arrivals"):
        op.drop_table(table)
    for name in ("repeat_of", "repeats", "place", "title"):  # not in a batch: SQLite would drop a table that others refer to
        op.drop_column("tickets", name)
