"""Files that citizens send, and surges of like matters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.models import UTCDateTime

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "kind", "path")),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
    )
    op.create_index("ix_attachments_ticket_id", "attachments", ["ticket_id"])
    op.create_table(
        "surges",
        sa.Column("id", sa.String(26), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("place", "words")),
        sa.Column("callers", sa.Integer, nullable=False),
        sa.Column("tickets", JSON, nullable=False),
        sa.Column("began_at", UTCDateTime, nullable=False),
        sa.Column("last_at", UTCDateTime, nullable=False),
        sa.Column("ended_at", UTCDateTime),
    )
    op.create_index("ix_surges_ended_at", "surges", ["ended_at", "id"])


def downgrade() -> None:
    op.drop_table("surges")
    op.drop_table("attachments")
