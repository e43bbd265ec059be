"""Call records and agents' time, as they are put together from what Asterisk wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "call_records",
        sa.Column("linkedid", sa.Text, primary_key=True),
        *_texts("kind", "caller", "called"),
        sa.Column("began_at", sa.Float, nullable=False),
        sa.Column("answered_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        *_texts("ended_by"),
        sa.Column("cause", sa.Integer, nullable=False),
        *_texts("path", "type", "outcome"),
        sa.Column("joined", JSON, nullable=False),
    )
    op.create_index("ix_call_records_caller", "call_records", ["caller"])
    op.create_index("ix_call_records_began_at", "call_records", ["began_at"])
    op.create_table(
        "call_segments",
        sa.Column("linkedid", sa.Text, sa.ForeignKey("call_records.linkedid", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        *_texts("kind"),
        sa.Column("began_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        *_texts("queue", "agent", "phone", "how"),
        sa.Column("hold_seconds", sa.Float, nullable=False),
        sa.Column("wrapup_seconds", sa.Float, nullable=False),
        *_texts("detail"),
    )
    op.create_index("ix_call_segments_queue", "call_segments", ["queue"])
    op.create_index("ix_call_segments_agent", "call_segments", ["agent"])
    op.create_table(
        "agent_spells",
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("began_at", sa.Float, primary_key=True),
        sa.Column("ended_at", sa.Float),
        *_texts("reason"),
    )


def downgrade() -> None:
    for table in ("agent_spells", "call_segments", "call_records"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
