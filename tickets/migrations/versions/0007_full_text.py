"""Tickets are found by their words; those that are there already, too. Lists are read in the order of an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tickets.findings import persons
from tickets.fulltext import indexed
from tickets.fulltext_tables import Tokens, made

revision = "0007_full_text"
down_revision = "0006_progress"
branch_labels = None
depends_on = None

BATCH = 1000
TICKETS = sa.table(
    "tickets", sa.column("id"), sa.column("number"), sa.column("caller_name"), sa.column("findings", sa.JSON), sa.column("transcript"),
    sa.column("transcript_corrected"),
)  # fmt: skip
NOTES = sa.table("notes", sa.column("id"), sa.column("ticket_id"), sa.column("text"), sa.column("at"))
WORDS = sa.table("ticket_words", sa.column("ticket_id"), sa.column("words", Tokens))
FILTERS = ("status", "channel", "type", "stage", "organisation", "category", "transcript_state")  # each with id: newest first
REPLACED = ("status", "stage", "transcript_state")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "ticket_words",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", sa.String(26), sa.ForeignKey("tickets.id", name="fk_ticket_words_ticket_id"), nullable=False),
        sa.Column("words", Tokens, nullable=False),
        sa.UniqueConstraint("ticket_id", name="uq_ticket_words_ticket_id"),
        sqlite_autoincrement=True,
    )
    for statement in made("ticket_words", dialect):
        op.execute(statement)
    _fill()
    for name in REPLACED:
        op.drop_index(f"ix_tickets_{name}", "tickets")
    for name in FILTERS:
        op.create_index(f"ix_tickets_{name}", "tickets", [name, "id"])
    op.create_index("ix_tickets_created_at", "tickets", ["created_at"])
    op.create_index("ix_history_event", "history", ["event", "at"])


def downgrade() -> None:
    op.drop_index("ix_history_event", "history")
    op.drop_index("ix_tickets_created_at", "tickets")
    for name in FILTERS:
        op.drop_index(f"ix_tickets_{name}", "tickets")
    for name in REPLACED:
        op.create_index(f"ix_tickets_{name}", "tickets", [name])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE fts_ticket_words")
    op.drop_table("ticket_words")


def _fill() -> None:
    connection, last = op.get_bind(), ""
    while rows := connection.execute(sa.select(TICKETS).where(TICKETS.c.id > last).order_by(TICKETS.c.id).limit(BATCH)).all():
        last = rows[-1].id
        said: dict[str, list[str]] = {}
        for note in connection.execute(sa.select(NOTES).where(NOTES.c.ticket_id.in_([row.id for row in rows])).order_by(NOTES.c.at, NOTES.c.id)):
            said.setdefault(note.ticket_id, []).append(note.text)
        words = [
            indexed(row.number, [row.transcript, row.transcript_corrected, *said.get(row.id, ())], [row.caller_name, *persons(row.findings)])
            for row in rows
        ]
        connection.execute(sa.insert(WORDS), [{"ticket_id": row.id, "words": found} for row, found in zip(rows, words, strict=True)])
