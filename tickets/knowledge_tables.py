"""The tables of the knowledge base: what an article stands for, every version of it, and what it is found by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from tickets.fulltext_tables import Tokens
from tickets.models import Base

LONGEST_CODE = 40
DRAFT, PUBLISHED, WITHDRAWN = "draft", "published", "withdrawn"
STATES = {DRAFT: "草稿", PUBLISHED: "已发布", WITHDRAWN: "已下线"}


class Article(Base):
    """Which version is the newest, and which one everybody reads."""

    __tablename__ = "articles"
    code: Mapped[str] = mapped_column(String(LONGEST_CODE), primary_key=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    published: Mapped[int | None] = mapped_column(Integer)
    changed_at: Mapped[datetime]


class ArticleVersion(Base):
    """One version as somebody wrote it; it is never changed."""

    __tablename__ = "article_versions"
    code: Mapped[str] = mapped_column(ForeignKey("articles.code"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str]
    body: Mapped[str]  # Markdown
    categories: Mapped[list[str]]
    owner: Mapped[str]  # code of the organisation that answers for it
    review_on: Mapped[date] = mapped_column(Date)  # by this day somebody reads it again
    note: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_article_versions_review_on", "review_on"),)


class ArticleWords(Base):
    """What an article is found by: its published version, or the newest where none is."""

    __tablename__ = "article_words"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(ForeignKey("articles.code"), unique=True)
    words: Mapped[Sequence[str]] = mapped_column(Tokens)
    __table_args__ = ({"sqlite_autoincrement": True},)
