"""The same request is known by its message in the intake: a key of its own is needed no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("open311_requests") as table:
        table.drop_constraint("uq_open311_requests_key", type_="unique")
        table.drop_column("key")


def downgrade() -> None:
    with op.batch_alter_table("open311_requests") as table:
        table.add_column(sa.Column("key", sa.Text))
        table.create_unique_constraint("uq_open311_requests_key", ["key"])
