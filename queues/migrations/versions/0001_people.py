"""People who answer calls, where they are logged in, and the audit of what was done on the floor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from queues.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("work_number", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("pin", sa.Text),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("dialects", JSON, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("wrapup_seconds", sa.Integer),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("wrong_pins", sa.Integer, nullable=False),
        sa.Column("locked_until", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.UniqueConstraint("work_number", name="uq_agents_work_number"),
    )
    op.create_table(
        "agent_shifts",
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("queues", JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("until", Moment),
        sa.Column("linkedid", sa.Text, nullable=False),
        sa.Column("logged_in_at", Moment, nullable=False),
        sa.UniqueConstraint("phone", name="uq_agent_shifts_phone"),
    )
    _audit()


def downgrade() -> None:
    for table in ("audit", "agent_shifts", "agents"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "role", "action", "target", "outcome", "reason")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        )
