"""Whose business each column of the register is: one table. Masking, erasure and retention go by it, and a test wants every column in it.

What is personal or sensitive in a row that belongs to a ticket goes when its person is erased, or its time is over.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Class(enum.Enum):
    """Of a field."""

    PUBLIC = "public"  # of the matter, nobody's in particular
    INTERNAL = "internal"  # how the hotline works on it
    PERSONAL = "personal"  # who it was
    SENSITIVE = "sensitive"  # their voice, their hand, their words as they fell


def _table(name: str, *, public: str = "", internal: str = "", personal: str = "", sensitive: str = "") -> dict[str, Class]:
    groups = {Class.PUBLIC: public, Class.INTERNAL: internal, Class.PERSONAL: personal, Class.SENSITIVE: sensitive}
    return {f"{name}.{column}": kind for kind, columns in groups.items() for column in columns.split()}


COLUMNS: dict[str, Class] = {
    **_table(
        "tickets",
        public="id number channel type status stage category created_at completed_at",
        internal="path called agent item language menu_version reason began_at ended_at updated_at truncated "
        "audio_path audio_sha256 audio_seconds document_path document_sha256 document_pages document_error preview_path source_path "
        "transcript_state transcript_engine transcript_model transcript_score transcript_score_kind transcript_error transcript_attempts "
        "needs_review stage_at urgency organisation helpers level returns final extensions reopened rating confidential reply_wanted "
        "accepted_at dispatched_at replied_at due_at warn_at due_told repeats repeat_of accused person",
        personal="caller caller_name linkedid reference place",
        sensitive="transcript transcript_raw transcript_corrected findings title",
    ),
    **_table("history", internal="id ticket_id at event actor detail hash"),
    **_table("notes", internal="id ticket_id kind actor at", sensitive="text salt"),
    **_table(
        "deliveries",
        internal="id ticket_id event about sequence day body_sha256 reference idempotency_key state attempts created_at give_up_from "
        "next_attempt_at delivered_at last_status",
        sensitive="body last_error",
    ),
    **_table("arrivals", internal="id channel at outcome ticket_id fingerprint", personal="message_id sender", sensitive="text answer"),
    **_table("begun", internal="channel asked expires_at", personal="sender place name phone", sensitive="text"),
    **_table("contacts", internal="ticket_id by channel", personal="address"),
    **_table(
        "notices",
        internal="id ticket_id kind by channel state attempts created_at next_attempt_at told_at last_error",
        personal="step address in_reply_to", sensitive="subject text",
    ),
    **_table(
        "open311_requests", internal="ticket_id token address_id", personal="address lat long device_id account_id", sensitive="media_url"
    ),
    **_table("attachments", internal="id ticket_id kind bytes sha256 path at", personal="source name"),
    **_table("surges", public="place words", internal="id callers tickets began_at last_at ended_at"),  # words: masked, without who or where
    **_table("imported", internal="number ticket_id at"),
    **_table("ticket_words", internal="id ticket_id words"),  # masked words only
    **_table("pins", internal="ticket_id hash made_at"),
    **_table("reservations", internal="number hash state made_at ended_at reason"),
    **_table("progress_tries", internal="subject wrong since locks locked_until"),  # a subject is an HMAC
    **_table("persons", internal="id mark wrapped_key wrapped_by made_at erased_at"),
    **_table("deletions", internal="id at why actor report hash signature"),
    **_table("tokens", internal="id secret_sha256 role agent organisation name created_at revoked_at"),
    **_table(
        "revisits",
        internal="id ticket_id round state tries made_at changed_at next_at reason in_time solved satisfied settled audio_path audio_seconds words_state words_attempts",
    ),
    **_table("revisit_place", internal="id place"),
    **_table("articles", public="code version state changed_at published"),
    **_table("article_versions", public="code version title body categories review_on at", internal="author owner note"),
    **_table("article_words", public="id code words"),
    **_table("counters", internal="day last"),
    **_table("leases", internal="executor renewed_at"),
    **_table("repeats", internal="key fingerprint at"),
    **_table("bookmarks", internal="name place"),
    **_table("followers", internal="name line"),
    **_table("nonces", internal="signature at"),
    **_table("reconciliations", internal="day at compared differences detail"),
}  # fmt: skip


def of(table: str, *kinds: Class) -> Iterable[str]:
    """The columns of a table that are of these classes."""
    return [name.partition(".")[2] for name, kind in COLUMNS.items() if name.startswith(f"{table}.") and kind in kinds]
