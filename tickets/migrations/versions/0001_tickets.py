"""Tickets, their history, deliveries, tokens, the day's counter and the workers' leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.models import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TEXT = ("channel", "type", "path", "status", "caller", "caller_name", "called", "agent", "linkedid", "language", "menu_version", "reason")


def upgrade() -> None:
    _tickets()
    _history()
    _deliveries()
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("revoked_at", UTCDateTime),
        sa.UniqueConstraint("secret_sha256", name="uq_tokens_secret_sha256"),
    )
    op.create_table("counters", sa.Column("day", sa.String(8), primary_key=True), sa.Column("last", sa.Integer, nullable=False))
    op.create_table("leases", sa.Column("executor", sa.Text, primary_key=True), sa.Column("renewed_at", UTCDateTime, nullable=False))


def downgrade() -> None:
    for table in ("leases", "counters", "tokens", "deliveries", "history", "tickets"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION history_is_append_only")


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("number", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXT),
        sa.Column("item", sa.Text),
        sa.Column("began_at", UTCDateTime, nullable=False),
        sa.Column("ended_at", UTCDateTime),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("audio_path", sa.Text),
        sa.Column("audio_sha256", sa.Text),
        sa.Column("audio_seconds", sa.Float),
        sa.Column("document_path", sa.Text),
        sa.Column("document_sha256", sa.Text),
        sa.Column("document_pages", sa.Integer),
        sa.Column("document_error", sa.Text),
        sa.Column("preview_path", sa.Text),
        sa.Column("source_path", sa.Text),
        sa.Column("transcript_state", sa.Text, nullable=False),
        sa.Column("transcript", sa.Text),
        sa.Column("transcript_raw", sa.Text),
        sa.Column("transcript_engine", sa.Text),
        sa.Column("transcript_model", sa.Text),
        sa.Column("transcript_score", sa.Float),
        sa.Column("transcript_score_kind", sa.Text),
        sa.Column("transcript_error", sa.Text),
        sa.Column("transcript_attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
        sa.UniqueConstraint("item", name="uq_tickets_item"),
    )
    for column in ("linkedid", "status", "transcript_state"):
        op.create_index(f"ix_tickets_{column}", "tickets", [column])


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_history_ticket_id"), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_ticket_id", "history", ["ticket_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON history "
            "FOR EACH ROW EXECUTE FUNCTION history_is_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER history_refuses_{change.lower()} BEFORE {change} ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_deliveries_ticket_id"), nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("give_up_from", UTCDateTime, nullable=False),
        sa.Column("next_attempt_at", UTCDateTime),
        sa.Column("delivered_at", UTCDateTime),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.UniqueConstraint("idempotency_key", name="uq_deliveries_idempotency_key"),
    )
    op.create_index("ix_deliveries_ticket_id", "deliveries", ["ticket_id"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "next_attempt_at"])
