"""Since when somebody is logged out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from queues.tables import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("left_at", Moment))


def downgrade() -> None:
    with op.batch_alter_table("agents") as table:
        table.drop_column("left_at")
