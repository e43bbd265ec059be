"""Call-backs, callers who gave up waiting, blocked numbers and the log of nuisance behind them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from queues.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("number", "path", "type", "called", "queue"),
        *_integers("place", "priority", "penalty"),
        *_texts("trunk", "trunk_at", "version", "state"),
        *_moments("asked_at", "changed_at"),
        *_integers("tries"),
        sa.Column("next_at", Moment),
        *_texts("agent", "reason"),
    )
    op.create_index("ix_callbacks_number", "callbacks", ["number"])
    op.create_index("ix_callbacks_state", "callbacks", ["state"])
    op.create_table(
        "missed_callers",
        sa.Column("number", sa.Text, primary_key=True),
        *_texts("queue", "path", "type", "called"),
        *_integers("times"),
        *_moments("first_at", "last_at"),
        *_integers("waited_seconds"),
    )
    op.create_index("ix_missed_callers_last_at", "missed_callers", ["last_at"])
    op.create_table(
        "callback_place",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("place", JSON, nullable=False),
        sa.Column("known", JSON, nullable=False),
    )
    op.create_table(
        "blocks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        *_texts("number", "reason", "made_by"),
        *_moments("made_at", "until"),
        *_texts("ended_by"),
        sa.Column("ended_at", Moment),
    )
    op.create_index("ix_blocks_number", "blocks", ["number"])
    op.create_table(
        "nuisances",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        *_texts("number"),
        *_moments("at"),
        *_texts("by", "what", "linkedid"),
    )
    op.create_index("ix_nuisances_number", "nuisances", ["number"])


def downgrade() -> None:
    for table in ("nuisances", "blocks", "callback_place", "missed_callers", "callbacks"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, Moment, nullable=False) for name in names]
