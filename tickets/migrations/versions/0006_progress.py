"""PINs, numbers reserved beforehand, and tries that were wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tickets.models import UTCDateTime

revision = "0006_progress"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pins",
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_pins_ticket_id"), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
    )
    op.create_table(
        "reservations",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.Column("ended_at", UTCDateTime),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_reservations_state", "reservations", ["state"])
    op.create_table(
        "progress_tries",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("since", UTCDateTime, nullable=False),
        sa.Column("locks", sa.Integer, nullable=False),
        sa.Column("locked_until", UTCDateTime),
    )
    op.create_index("ix_progress_tries_locked_until", "progress_tries", ["locked_until"])


def downgrade() -> None:
    for name in ("progress_tries", "reservations", "pins"):
        op.drop_table(name)
