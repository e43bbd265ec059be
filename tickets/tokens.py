"""Bearer tokens of the API: shown once when they are made, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from tickets.database import Database
from tickets.item import new_id, plain
from tickets.models import Token

ROLES = ("agent", "supervisor", "administrator", "integration")
PREFIX = "hl_"


class NoSuchToken(LookupError):
    """No token has this id."""


class Tokens:
    """Makes, finds and revokes tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, role: str, name: str = "", agent: str = "", organisation: str = "") -> tuple[Token, str]:
        """A new token and its secret, which cannot be read again; `agent` is the login of whose it is, `organisation` the unit that holds it.

        Raises ValueError for an unknown role, and for a unit that is given another role than integration.
        """
        if role not in ROLES:
            raise ValueError(f"{role!r} is no role (known: {', '.join(ROLES)})")
        if organisation and role != "integration":
            raise ValueError("an organisation's token has the role integration")
        secret = PREFIX + secrets.token_urlsafe(32)
        token = Token(
            id=new_id(), secret_sha256=_hash(secret), role=role, agent=agent, organisation=plain(organisation), name=plain(name), created_at=datetime.now(UTC)
        )  # fmt: skip
        with self._database.writes() as session:
            session.add(token)
        return token, secret

    def find(self, secret: str) -> Token | None:
        """The token this secret belongs to, unless it was revoked. (256 random bits: a plain hash is enough.)"""
        with self._database.reads() as session:
            valid = select(Token).where(Token.secret_sha256 == _hash(secret), Token.revoked_at.is_(None))
            return session.scalar(valid)

    def valid(self, token_id: str) -> bool:
        """Whether it is still one that `find` would find."""
        with self._database.reads() as session:
            return session.scalar(select(Token.id).where(Token.id == token_id, Token.revoked_at.is_(None))) is not None

    def all(self) -> Sequence[Token]:
        with self._database.reads() as session:
            return session.scalars(select(Token).order_by(Token.id)).all()

    def revoke(self, token_id: str) -> Token:
        """It is refused from now on; harmless twice. Raises NoSuchToken."""
        with self._database.writes() as session:
            token = session.get(Token, token_id)
            if token is None:
                raise NoSuchToken(token_id)
            token.revoked_at = token.revoked_at or datetime.now(UTC)
            return token


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
