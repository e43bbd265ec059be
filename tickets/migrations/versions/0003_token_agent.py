"""Whose a token is, so that "my state" and "my calls" have a meaning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("agent", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.drop_column("agent")
