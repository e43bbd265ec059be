"""What was found in a message's words, and whether a person must read them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("needs_review", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("tickets", sa.Column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))


def downgrade() -> None:
    with op.batch_alter_table("tickets") as table:
        table.drop_column("findings")
        table.drop_column("needs_review")
