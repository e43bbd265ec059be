"""Under which number another system knows a ticket that came from its file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tickets.models import UTCDateTime

revision = "0015"
down_revision = "0014_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_imported_ticket_id"), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.UniqueConstraint("ticket_id", name="uq_imported_ticket_id"),
    )


def downgrade() -> None:
    op.drop_table("imported")
