"""A key for each person, whose a ticket is and whom it accuses, which unit holds a token, and what was deleted when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.models import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UNCLAIMED = sa.text("person IS NULL AND caller <> ''")


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("mark", sa.String(64)),
        sa.Column("wrapped_key", sa.Text),
        sa.Column("wrapped_by", sa.Text, nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.Column("erased_at", UTCDateTime),
        sa.UniqueConstraint("mark", name="uq_persons_mark"),
    )
    op.create_table(
        "deletions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.add_column("tickets", sa.Column("accused", sa.Text, nullable=False, server_default=""))
    op.add_column("tickets", sa.Column("person", sa.String(26)))
    op.add_column("tokens", sa.Column("organisation", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_tickets_person", "tickets", ["person", "id"])
    op.create_index("ix_tickets_unclaimed", "tickets", ["id"], sqlite_where=UNCLAIMED, postgresql_where=UNCLAIMED)


def downgrade() -> None:
    for name in ("unclaimed", "person"):
        op.drop_index(f"ix_tickets_{name}", "tickets")
    op.execute("ALTER TABLE tokens DROP COLUMN organisation")
    for name in ("accused", "person"):
        op.execute(f"ALTER TABLE tickets DROP COLUMN {name}")
    op.drop_table("deletions")
    op.drop_table("persons")
