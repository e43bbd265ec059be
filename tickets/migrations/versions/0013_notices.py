"""What citizens are told. Steps that were made before are not told afterwards: history is followed from here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tickets.models import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("step", sa.Text, nullable=False, unique=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "by", "channel", "address", "subject", "text", "in_reply_to", "state")),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("next_attempt_at", UTCDateTime),
        sa.Column("told_at", UTCDateTime),
        sa.Column("last_error", sa.Text),
    )
    op.create_index("ix_notices_state", "notices", ["state", "next_attempt_at"])
    op.create_index("ix_notices_ticket_id", "notices", ["ticket_id"])
    op.create_table("followers", sa.Column("name", sa.Text, primary_key=True), sa.Column("line", sa.Integer, nullable=False))
    op.execute(sa.text("INSERT INTO followers (name, line) SELECT 'notices', coalesce(max(id), 0) FROM history"))


def downgrade() -> None:
    op.drop_table("followers")
    op.drop_table("notices")
