"""The knowledge base: articles, their versions, and what they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tickets.fulltext_tables import Tokens, made
from tickets.models import UTCDateTime

revision = "0014_knowledge"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("published", sa.Integer),
        sa.Column("changed_at", UTCDateTime, nullable=False),
    )
    op.create_table(
        "article_versions",
        sa.Column("code", sa.String(40), sa.ForeignKey("articles.code", name="fk_article_versions_code"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
    )
    op.create_index("ix_article_versions_review_on", "article_versions", ["review_on"])
    op.create_table(
        "article_words",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(40), sa.ForeignKey("articles.code", name="fk_article_words_code"), nullable=False),
        sa.Column("words", Tokens, nullable=False),
        sa.UniqueConstraint("code", name="uq_article_words_code"),
        sqlite_autoincrement=True,
    )
    for statement in made("article_words", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE fts_article_words")
    for name in ("article_words", "article_versions", "articles"):
        op.drop_table(name)
