"""What a request that came by Open311 said beside its matter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_open311"
down_revision = "0007_full_text"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open311_requests",
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_open311_requests_ticket_id"), nullable=False),
        sa.Column("token", sa.String(43), nullable=False),
        sa.Column("key", sa.Text),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("address", "address_id")),
        *(sa.Column(name, sa.Float) for name in ("lat", "long")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("media_url", "device_id", "account_id")),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_open311_requests"),
        sa.UniqueConstraint("token", name="uq_open311_requests_token"),
        sa.UniqueConstraint("key", name="uq_open311_requests_key"),
    )


def downgrade() -> None:
    op.drop_table("open311_requests")
