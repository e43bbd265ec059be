"""What lists filter by is found with the words; return visits are found by the day they ended."""

from __future__ import annotations

from alembic import op

from tickets.fulltext_tables import made

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAMES = ("status", "channel", "type", "stage", "organisation", "category", "transcript_state", "person")


def upgrade() -> None:
    op.create_index("ix_revisits_changed_at", "revisits", ["state", "changed_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
        tokens = ", ".join(f"'\u00a7{name.replace('_', '')}\u00a7' || encode(convert_to({name}, 'UTF8'), 'hex')" for name in NAMES)
        op.execute(
            f"UPDATE ticket_words SET words = words || array_to_tsvector(array_remove(ARRAY[{tokens}], NULL)) "  # noqa: S608 - names are ours
            "FROM tickets WHERE tickets.id = ticket_words.ticket_id"
        )
        return
    tokens = " || ".join(f"coalesce(' \u00a7{name.replace('_', '')}\u00a7' || lower(hex({name})), '')" for name in NAMES)
    op.execute("DROP TRIGGER ticket_words_other")  # each row would be taken out of the index and put in again
    op.execute(f"UPDATE ticket_words SET words = words || (SELECT {tokens} FROM tickets WHERE tickets.id = ticket_words.ticket_id)")  # noqa: S608
    op.execute("INSERT INTO fts_ticket_words (fts_ticket_words) VALUES ('rebuild')")
    op.execute(next(statement for statement in made("ticket_words", "sqlite") if "ticket_words_other" in statement))


def downgrade() -> None:
    """The tokens stay where they are: nobody asks for them, and each is gone with its row's next change."""
    op.drop_index("ix_revisits_changed_at", "revisits")
