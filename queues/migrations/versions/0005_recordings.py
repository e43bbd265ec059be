"""Recordings of conversations: where they are, their checksum, how long they are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from queues.tables import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("linkedid", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("stored_at", Moment, nullable=False),
        sa.Column("keep_until", Moment, nullable=False),
        sa.Column("deleted_at", Moment),
    )
    op.create_index("ix_recordings_keep_until", "recordings", ["keep_until"])


def downgrade() -> None:
    op.drop_table("recordings")
