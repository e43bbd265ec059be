"""Return visits: whom to ask whether it is solved, and what they said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.models import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revisits",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_revisits_ticket_id"), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.Column("changed_at", UTCDateTime, nullable=False),
        sa.Column("next_at", UTCDateTime),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("in_time", sa.Boolean),
        sa.Column("solved", sa.Text, nullable=False),
        sa.Column("satisfied", sa.Text, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("audio_path", sa.Text),
        sa.Column("audio_seconds", sa.Float),
        sa.Column("words_state", sa.Text, nullable=False),
        sa.Column("words_attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("ticket_id", "round", name="uq_revisits_ticket_id"),
    )
    op.create_index("ix_revisits_ticket_id", "revisits", ["ticket_id"])
    op.create_index("ix_revisits_state", "revisits", ["state", "next_at"])
    op.create_table(
        "revisit_place",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("place", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("revisit_place")
    op.drop_table("revisits")
